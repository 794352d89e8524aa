// SPDX-License-Identifier: MIT
/*
 * Watching processes, until they die.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <criterion/criterion.h>

#include "trace/processes.h"

static uint32_t dead[1000];
static unsigned dead_count;

static void died(void *context, uint32_t pid)
{
	dead[dead_count++] = pid;
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	return pid;
}

static void poll_until(struct processes *processes, unsigned count)
{
	for (int i = 0; i < 2000 && dead_count < count; i++) {
		processes_poll(processes, died, NULL);
		usleep(1000);
	}
}

Test(processes, are_reported_once_when_they_die_even_as_zombies)
{
	struct processes *processes;
	pid_t pid = sleeper();

	cr_assert_eq(processes_new(&processes), 0);
	cr_assert_eq(processes_add(processes, (uint32_t)pid), 0);
	cr_assert_eq(processes_add(processes, (uint32_t)pid), 0);
	cr_assert_eq(processes_count(processes), 1);
	processes_poll(processes, died, NULL);
	cr_assert_eq(dead_count, 0);
	kill(pid, SIGKILL);
	poll_until(processes, 1);
	processes_poll(processes, died, NULL);
	cr_assert_eq(dead_count, 1);
	cr_assert_eq(dead[0], (uint32_t)pid);
	cr_assert_eq(processes_count(processes), 0);
	waitpid(pid, NULL, 0);
	processes_free(processes);
}

Test(processes, that_were_dead_before_are_reported_at_the_next_poll)
{
	struct processes *processes;
	pid_t pid = sleeper();

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_assert_eq(processes_new(&processes), 0);
	cr_assert_eq(processes_add(processes, (uint32_t)pid), 0);
	cr_assert_eq(processes_count(processes), 1);
	processes_poll(processes, died, NULL);
	cr_assert_eq(dead_count, 1);
	processes_free(processes);
}

Test(processes, can_be_many, .timeout = 60)
{
	struct processes *processes;
	pid_t pids[300];

	cr_assert_eq(processes_new(&processes), 0);
	for (int i = 0; i < 300; i++) {
		pids[i] = sleeper();
		cr_assert_eq(processes_add(processes, (uint32_t)pids[i]), 0);
	}
	cr_assert_eq(processes_count(processes), 300);
	for (int i = 0; i < 300; i++)
		kill(pids[i], SIGKILL);
	poll_until(processes, 300);
	cr_assert_eq(dead_count, 300);
	processes_free(processes);
}

Test(processes, are_watched_by_number_when_descriptors_run_out)
{
	struct processes *processes;
	const struct rlimit few = {3, 3};
	pid_t pid = sleeper();

	cr_assert_eq(processes_new(&processes), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	cr_assert_eq(processes_add(processes, (uint32_t)pid), 0);
	processes_poll(processes, died, NULL);
	cr_assert_eq(dead_count, 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	poll_until(processes, 1);
	cr_assert_eq(dead_count, 1);
	processes_free(processes);
}
