// SPDX-License-Identifier: MIT
/*
 * Signal handlers that make traced calls interrupt a thread that makes nothing else: sooner or later in the middle of
 * every instruction of the tracer. signal_storm CALLS [alternate|winding]: the handlers have a stack of their own; each
 * call comes by a way of its own.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "facts.h"

static int outer[2], inner[2];
static unsigned long calls, handler_sends, handler_receives;
static volatile unsigned long handler_runs;
static volatile int is_over;
static pid_t target;

static void handle(int number)
{
	int saved = errno;
	char byte = 's';

	handler_runs = handler_runs + 1;
	handler_sends += 2;
	if (send(inner[0], &byte, 1, MSG_DONTWAIT) != 1 || send(-1, &byte, 1, 0) != -1 || errno != EBADF)
		abort();
	handler_receives++;
	if (recv(inner[1], &byte, 1, MSG_DONTWAIT) != 1)
		abort();
	errno = saved;
}

/* The next signal is sent when the last one has been handled, and the target has had time for a few calls. */
static void *shoot(void *argument)
{
	while (!is_over) {
		unsigned long runs = handler_runs;
		syscall(SYS_tgkill, getpid(), target, SIGUSR1);
		while (handler_runs == runs && !is_over)
			sched_yield();
		for (volatile int i = 0; i < 2000; i++)
			;
	}
	return NULL;
}

static void prepare(int alternate)
{
	static char stack[64 * 1024];
	stack_t own = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART | (alternate ? SA_ONSTACK : 0)};
	struct itimerval period = {{0, 100}, {0, 100}};

	if (alternate)
		must(sigaltstack(&own, NULL), "sigaltstack");
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, outer), "socketpair");
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, inner), "socketpair");
	sigaddset(&action.sa_mask, SIGALRM);
	sigaddset(&action.sa_mask, SIGUSR1);
	must(sigaction(SIGALRM, &action, NULL), "sigaction");
	must(sigaction(SIGUSR1, &action, NULL), "sigaction");
	must(setitimer(ITIMER_REAL, &period, NULL), "setitimer");
}

static void talk(void)
{
	char bytes[16];

	if (send(outer[0], "0123456789abcdef", 16, 0) != 16 || recv(outer[1], bytes, 16, 0) != 16 ||
	    memcmp(bytes, "0123456789abcdef", 16))
		give_up("the message differs");
}

/* Every `way` makes another stack: one frame a bit, which returns to one of two places. */
static __attribute__((noinline)) void wind(unsigned way)
{
	if (way <= 1) {
		talk();
	} else if (way & 1) {
		wind(way >> 1);
	} else {
		wind(way >> 1);
		__asm__ volatile("nop");
	}
	__asm__ volatile("nop"); /* no tail calls */
}

int main(int argc, char **argv)
{
	unsigned long wanted = strtoul(argv[1], NULL, 10);
	int alternate = argc > 2 && !strcmp(argv[2], "alternate"), winding = argc > 2 && !strcmp(argv[2], "winding");
	struct itimerval off = {0};
	pthread_t shooter;
	sigset_t both;

	target = (pid_t)syscall(SYS_gettid);
	sigemptyset(&both);
	sigaddset(&both, SIGALRM);
	sigaddset(&both, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &both, NULL);
	if (pthread_create(&shooter, NULL, shoot, NULL))
		give_up("pthread_create");
	prepare(alternate);
	pthread_sigmask(SIG_UNBLOCK, &both, NULL);
	while (calls < wanted) {
		calls += 2;
		wind(winding ? 1024 + calls / 2 % 1024 : 1);
	}
	setitimer(ITIMER_REAL, &off, NULL);
	is_over = 1;
	pthread_join(shooter, NULL);
	printf("%s\n", handler_runs > wanted / 1000 ? "stormy" : "calm");
	fact_made_now("send", wanted / 2 + handler_sends);
	fact_made_now("recv", wanted / 2 + handler_receives);
	return 0;
}
