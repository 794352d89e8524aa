// SPDX-License-Identifier: MIT
/*
 * Handlers jump out of calls: first out of receives that block, then out of whatever is interrupted, also out of a
 * record half written. Everything goes on as if nothing had happened. jump ROUNDS
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "facts.h"

static sigjmp_buf back;
static volatile sig_atomic_t is_armed;

static void handle(int number)
{
	if (!is_armed)
		return;
	is_armed = 0;
	siglongjmp(back, 1);
}

static void timer_set(long first, long next)
{
	struct itimerval period = {{0, next}, {0, first}};

	setitimer(ITIMER_REAL, &period, NULL);
}

/* Volatile, because they outlive the jumps. */
static volatile unsigned long jumped, received, sent;

static void jump_out_of_blocked(int fd, unsigned long rounds)
{
	char byte;

	while (jumped < rounds) {
		if (sigsetjmp(back, 1)) {
			jumped++;
			continue;
		}
		is_armed = 1;
		timer_set(500, 0);
		recv(fd, &byte, 1, 0);
		give_up("recv returned");
	}
}

static void jump_out_of_any(const int fds[2], unsigned long rounds)
{
	volatile unsigned long jumps = 0;
	char bytes[8];

	timer_set(50, 50);
	while (jumps < rounds) {
		if (sigsetjmp(back, 1)) {
			jumps++;
			continue;
		}
		is_armed = 1;
		for (;;) {
			sent++;
			send(fds[0], "x", 1, MSG_DONTWAIT);
			received++;
			recv(fds[1], bytes, sizeof(bytes), MSG_DONTWAIT);
		}
	}
	timer_set(0, 0);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = handle};
	unsigned long rounds = strtoul(argv[1], NULL, 10);
	int fds[2];

	must(sigaction(SIGALRM, &action, NULL), "sigaction");
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	jump_out_of_blocked(fds[1], rounds);
	jump_out_of_any(fds, rounds * 20);
	/* of each jump, the interrupted call may have been about to begin, or half written */
	fact_made_now("recv~", rounds + received);
	fact_made_now("send~", sent);
	fact_made_now("jumps", rounds * 21);
	printf("jumped %lu times\n", rounds * 21);
	return 0;
}
