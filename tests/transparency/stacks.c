// SPDX-License-Identifier: MIT
/*
 * Unusual stacks: threads of 16 KiB that make every sort of call, also fork; handlers on small alternate stacks, above
 * and below the interrupted one; coroutines that are switched inside a handler while a call is in flight.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "facts.h"

static unsigned long sent, received;

static void talk(int count)
{
	struct iovec vector[2] = {{"ab", 2}, {"cd", 2}};
	struct msghdr message = {.msg_iov = vector, .msg_iovlen = 2};
	char bytes[8];
	int fds[2];

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	for (int i = 0; i < count; i++) {
		fd_set set;
		FD_ZERO(&set);
		FD_SET(fds[1], &set);
		if (sendmsg(fds[0], &message, 0) != 4 || select(fds[1] + 1, &set, NULL, NULL, NULL) != 1 ||
		    recv(fds[1], bytes, 8, 0) != 4)
			give_up("talk");
	}
	close(fds[0]);
	close(fds[1]);
	sent += count;
	received += count;
}

static void *run_small(void *argument)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		talk(10);
		_exit(3);
	}
	must(waitpid(child, &status, 0), "waitpid");
	sent += 10;
	received += 10;
	close(open("/dev/null", O_RDONLY));
	talk(100);
	child = vfork();
	if (child == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
	return (void *)(long)status;
}

static void small_threads(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *result;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	for (int i = 0; i < 8; i++) {
		if (pthread_create(&thread, &attributes, run_small, NULL))
			give_up("pthread_create");
		pthread_join(thread, &result);
	}
	printf("small threads: %lx\n", (long)result);
}

/* ---- alternate stacks ---- */

static int blocked[2];
static volatile int runs;

static void handle(int number)
{
	static char byte;

	send(-1, &byte, 1, 0);
	if (++runs == 50)
		send(blocked[0], "x", 1, 0);
}

static void alternate(const char *what, char *stack)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK | SA_RESTART};
	struct itimerval period = {{0, 300}, {0, 300}}, off = {0};
	stack_t own = {.ss_sp = stack, .ss_size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 4096};
	char byte;

	runs = 0;
	must(sigaltstack(&own, NULL), "sigaltstack");
	must(sigaction(SIGALRM, &action, NULL), "sigaction");
	setitimer(ITIMER_REAL, &period, NULL);
	if (recv(blocked[1], &byte, 1, 0) != 1 || byte != 'x')
		give_up("recv");
	setitimer(ITIMER_REAL, &off, NULL);
	own.ss_flags = SS_DISABLE;
	sigaltstack(&own, NULL);
	received++;
	sent += (unsigned long)runs + 1;
	printf("%s: received\n", what);
}

static void *alternate_above(void *stack)
{
	alternate("an alternate stack above", stack);
	return NULL;
}

static void alternates(void)
{
	/* the later mapping, here that of the thread's stack, lies lower */
	char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;
	sigset_t set;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, blocked), "socketpair");
	alternate("an alternate stack below", stack);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	if (pthread_create(&thread, NULL, alternate_above, stack))
		give_up("pthread_create");
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_join(thread, NULL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- coroutines ---- */

static ucontext_t back, routine;

static void run_routine(void)
{
	talk(50);
	swapcontext(&routine, &back);
	talk(50);
}

/* The routine runs inside the handler, while the interrupted call is in flight; its stack lies elsewhere. */
static void handle_by_switching(int number)
{
	swapcontext(&back, &routine);
}

static void coroutines(void)
{
	static char stack[65536];
	struct sigaction action = {.sa_handler = handle_by_switching, .sa_flags = SA_RESTART};
	char byte;

	getcontext(&routine);
	routine.uc_stack.ss_sp = stack;
	routine.uc_stack.ss_size = sizeof(stack);
	routine.uc_link = &back;
	makecontext(&routine, run_routine, 0);
	must(sigaction(SIGUSR2, &action, NULL), "sigaction");
	for (int i = 0; i < 2; i++) {
		pid_t child = must(fork(), "fork");
		if (child == 0) {
			usleep(20000);
			kill(getppid(), SIGUSR2);
			usleep(20000);
			send(blocked[0], "y", 1, 0);
			_exit(0);
		}
		if (recv(blocked[1], &byte, 1, 0) != 1 || byte != 'y')
			give_up("recv");
		received++;
		waitpid(child, NULL, 0);
		sent++;
	}
	printf("coroutines: done\n");
}

/* A bad address just above a coroutine's stack is as bad as anywhere. */
static int at_edge;

static void run_at_edge(void)
{
	struct sockaddr_storage address;

	at_edge = getsockname(blocked[0], (struct sockaddr *)&address,
			      (socklen_t *)(routine.uc_stack.ss_sp + 65536 + 64));
	at_edge = at_edge ? errno : 0;
}

static void edge(void)
{
	char *memory = mmap(NULL, 2 * 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(memory, 65536, PROT_READ | PROT_WRITE);
	getcontext(&routine);
	routine.uc_stack.ss_sp = memory;
	routine.uc_stack.ss_size = 65536;
	routine.uc_link = &back;
	makecontext(&routine, run_at_edge, 0);
	swapcontext(&back, &routine);
	printf("at the edge: %d\n", at_edge);
}

int main(void)
{
	small_threads();
	alternates();
	coroutines();
	edge();
	/* sendmsg by talk(), send by the handlers and children; together */
	fact_made("sendmsg", 8 * 110 + 100);
	fact_made("recv", received);
	fact_made_now("send", sent - 8 * 110 - 100);
	fact_made("vfork", 8);
	return 0;
}
