// SPDX-License-Identifier: MIT
/*
 * Makes failing calls at the ends of stacks of many kinds, and prints for each one what the compiler's own unwinder
 * says that the stack is: the process, and addresses from the caller's caller on.
 */
#include <alloca.h>
#include <execinfo.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define DEPTH	   16
#define STACK_SIZE (128 << 10)

#ifdef FAR_CODE
#define FAR __attribute__((section("far_code")))
#else
#define FAR
#endif

static volatile int sink;

static __attribute__((noinline)) void call(void)
{
	void *taken[DEPTH + 1];
	char line[40 * DEPTH];
	int count = backtrace(taken, DEPTH + 1), length = snprintf(line, sizeof(line), "%d", getpid());

	recv(-1, NULL, 0, 0);
	for (int i = 1; i < count; i++)
		length += snprintf(line + length, sizeof(line) - (size_t)length, " %p", taken[i]);
	line[length++] = '\n';
	if (write(STDOUT_FILENO, line, (size_t)length) != length)
		exit(1);
}

static void down(int depth, unsigned way);

static FAR __attribute__((noinline)) void left(int depth, unsigned way)
{
	down(depth, way);
	sink++;
}

static __attribute__((noinline)) void right(int depth, unsigned way)
{
	volatile char *bytes = alloca(16 + way % 5 * 16);

	bytes[0] = 1;
	down(depth, way);
	sink += bytes[0];
}

static __attribute__((noinline)) void down(int depth, unsigned way)
{
	if (depth == 0)
		call();
	else if (way & 1)
		left(depth - 1, way >> 1);
	else
		right(depth - 1, way >> 1);
	sink++;
}

static void *thread(void *argument)
{
	for (unsigned round = 0; round < 20; round++)
		down((int)(round % 4), 5);
	return argument;
}

static void on_signal(int number)
{
	down(2, 1);
}

static ucontext_t home, routine;

static void routine_run(void)
{
	for (;;) {
		down(3, 2);
		swapcontext(&routine, &home);
	}
}

static jmp_buf back;

static __attribute__((noinline)) void jump(void)
{
	down(4, 9);
	longjmp(back, 1);
}

static void handlers(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	stack_t stack = {.ss_sp = malloc(STACK_SIZE), .ss_size = STACK_SIZE};

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	raise(SIGUSR1);
	sigaltstack(&stack, NULL);
	action.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	raise(SIGUSR1);
}

static void coroutine(void)
{
	getcontext(&routine);
	routine.uc_stack.ss_sp = malloc(STACK_SIZE);
	routine.uc_stack.ss_size = STACK_SIZE;
	makecontext(&routine, routine_run, 0);
	for (int i = 0; i < 4; i++)
		swapcontext(&home, &routine);
}

int main(void)
{
	pthread_t other;

	for (unsigned round = 0; round < 60; round++)
		down((int)(round % 12), round / 3 * 7);
	if (pthread_create(&other, NULL, thread, NULL) || pthread_join(other, NULL))
		return 1;
	handlers();
	coroutine();
	for (volatile int round = 0; round < 3; round++)
		if (!setjmp(back))
			jump();
	pid_t child = fork();
	for (unsigned round = 0; round < 10; round++)
		down((int)(round % 3), 3);
	if (child == 0)
		_exit(0);
	return child < 0 || waitpid(child, NULL, 0) != child;
}
