// SPDX-License-Identifier: MIT
/*
 * Threads and processes by the hundred, and their ends. many WHAT [COUNT]
 *   threads     COUNT threads come and go, ending in every way there is, with destructors that make calls
 *   processes   COUNT processes, in trees
 *   ends        processes that end in every way there is, right after a call
 *   detached    threads that outlive main, atexit handlers and destructors that make calls
 */
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include "facts.h"

#define AT_ONCE 20

static pthread_key_t key;

static void destroy(void *value)
{
	send(-1, "destructor", 10, 0);
}

/* Each makes two calls of recv, whichever way it ends. */
static void *run_thread(void *argument)
{
	long number = (long)argument;

	pthread_setspecific(key, "x");
	recv(-1, NULL, 0, 0);
	recv(-1, NULL, 0, 0);
	if (number % 4 == 1)
		pthread_exit("exit");
	if (number % 4 == 2) {
		pthread_cancel(pthread_self());
		pthread_testcancel();
	}
	return "return";
}

static int run_thrd(void *argument)
{
	recv(-1, NULL, 0, 0);
	recv(-1, NULL, 0, 0);
	tss_set(key, "x");
	thrd_exit(9);
}

static int run_threads(long count)
{
	long ended = 0;

	pthread_key_create(&key, destroy);
	for (long i = 0; i < count; i += AT_ONCE) {
		pthread_t threads[AT_ONCE];
		thrd_t other = 0;
		for (long j = 0; j < AT_ONCE; j++) {
			int error = j == 3 ? thrd_create(&other, run_thrd, NULL)
					   : pthread_create(&threads[j], NULL, run_thread, (void *)(i + j));
			if (error)
				give_up("thread %ld: %d", i + j, error);
		}
		for (long j = 0; j < AT_ONCE; j++) {
			void *result;
			int code;
			if (j == 3)
				ended += thrd_join(other, &code) == thrd_success && code == 9;
			else
				ended += pthread_join(threads[j], &result) == 0 && result != NULL;
		}
	}
	printf("%ld threads ended well\n", ended);
	fact_made("recv", 2 * (unsigned long)count);
	fact_made("send", (unsigned long)count);
	fact_made("pthread_create", (unsigned long)(count - count / AT_ONCE));
	fact_made("thrd_create", (unsigned long)(count / AT_ONCE));
	return 0;
}

static int run_processes(long count)
{
	long good = 0;
	int status;

	for (long i = 0; i < count / 4; i++) {
		pid_t child = must(fork(), "fork");
		if (child)
			continue;
		for (int j = 0; j < 3; j++)
			if (fork() == 0) {
				recv(-1, NULL, 0, 0);
				_exit(0);
			}
		recv(-1, NULL, 0, 0);
		while (waitpid(-1, NULL, 0) > 0)
			;
		_exit(6);
	}
	while (waitpid(-1, &status, 0) > 0)
		good += WIFEXITED(status) && WEXITSTATUS(status) == 6;
	printf("%ld trees\n", good);
	fact_made("recv", (unsigned long)count);
	fact_made("fork", (unsigned long)count);
	return 0;
}

static void end_by_exit(void)
{
	_exit(3);
}

static void end_by_quick_exit(void)
{
	quick_exit(4);
}

static void end_by_abort(void)
{
	abort();
}

static void end_by_kill(void)
{
	syscall(SYS_kill, getpid(), SIGKILL);
}

static void end_by_fault(void)
{
	__builtin_trap();
}

static void end_by_number(void)
{
	syscall(SYS_exit_group, 5);
}

static void end_by_image(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static int run_ends(long count)
{
	void (*const ends[])(void) = {end_by_exit,  end_by_quick_exit, end_by_abort, end_by_kill,
				      end_by_fault, end_by_number,     end_by_image};
	const size_t ways = sizeof(ends) / sizeof(ends[0]);
	struct rlimit none = {0, 0};
	int status;

	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < ways; i++) {
		fflush(stdout);
		pid_t child = must(fork(), "fork");
		if (child == 0) {
			for (long j = 0; j < count; j++)
				recv(-1, NULL, 0, 0);
			ends[i]();
		}
		must(waitpid(child, &status, 0), "waitpid");
		printf("end %zu: %x\n", i, (unsigned)status);
	}
	fact_made("recv", ways * (unsigned long)count);
	fact_made("fork", ways);
	fact_made("waitpid", ways);
	return 0;
}

static void *run_detached(void *argument)
{
	usleep(50000);
	recv(-1, NULL, 0, 0);
	if (argument) {
		usleep(50000);
		fact_made("recv", 5 + 2);
		exit(17);
	}
	return NULL;
}

static void at_exit(void)
{
	recv(-1, NULL, 0, 0);
}

static int has_detached;

__attribute__((destructor)) static void at_the_end(void)
{
	if (has_detached)
		recv(-1, NULL, 0, 0);
}

static int run_detached_all(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	has_detached = 1;
	atexit(at_exit);
	for (long i = 0; i < 5; i++)
		if (pthread_create(&thread, &attributes, run_detached, i == 4 ? &thread : NULL))
			give_up("pthread_create");
	pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[1], "threads"))
		return run_threads(atol(argv[2]));
	if (!strcmp(argv[1], "processes"))
		return run_processes(atol(argv[2]));
	if (!strcmp(argv[1], "ends"))
		return run_ends(atol(argv[2]));
	return run_detached_all();
}
