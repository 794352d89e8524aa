// SPDX-License-Identifier: MIT
/*
 * A parent that hands out jobs: as many at a time as there are tokens in a pipe, to children on whose answers it waits
 * together, or to such that share a pipe and a lock.
 */
#include <err.h>
#include <poll.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "luck.h"

#define JOBS 3

static void move_token(int fd, bool gives)
{
	char token = '+';

	if ((gives ? write(fd, &token, 1) : read(fd, &token, 1)) != 1)
		err(1, "pipe");
}

/* Late: the last job comes when no other one runs, and needs no token. Less: one is not given back. Wrong: a job fails.
 */
int luck_stock(const char *event)
{
	bool is_late = !strcmp(event, "late"), is_less = !strcmp(event, "less"), is_wrong = !strcmp(event, "wrong");
	int stock[2];

	if (pipe(stock))
		err(1, "pipe");
	move_token(stock[1], true);
	move_token(stock[1], true);
	for (int i = 0; i < JOBS; i++) {
		bool has_token = !is_late || i < JOBS - 1;
		if (has_token)
			move_token(stock[0], false);
		pid_t job = fork();
		if (!job)
			_exit(is_wrong && i == 1);
		/* it may be over when it is asked for, or not */
		if (is_late)
			wait(&(int){0});
		else
			waitpid(-1, &(int){0}, 0);
		if (has_token && !(is_less && i == 1))
			move_token(stock[1], true);
	}
	return 0;
}

static void answer(int fd, int number, const volatile int *turn, const char *event)
{
	int place = strcmp(event, "early") ? JOBS - 1 - number : number;
	char text[40];

	while (*turn < place)
		usleep(1000);
	snprintf(text, sizeof(text), "job %d is done", !strcmp(event, "wrong") && number == 1 ? 7 : number);
	if (write(fd, text, strlen(text)) < 0)
		err(1, "write");
	_exit(0);
}

/* Hears one of them out, as far as it has come; returns whether that was all. */
static bool hear_out(struct pollfd *answer)
{
	char text[40];

	if (!answer->revents || read(answer->fd, text, sizeof(text)) > 0)
		return false;
	close(answer->fd);
	answer->fd = -1;
	return true;
}

/* Late: the last job has done its work first. Wrong: likewise, and one says something else. */
int luck_answers(const char *event)
{
	volatile int *turn = mmap(NULL, sizeof(*turn), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct pollfd answers[JOBS];

	if (turn == MAP_FAILED)
		err(1, "mmap");
	for (int i = 0; i < JOBS; i++) {
		int ends[2];
		if (pipe(ends))
			err(1, "pipe");
		if (!fork())
			answer(ends[1], i, turn, event);
		close(ends[1]);
		answers[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
	}
	while (*turn < JOBS && poll(answers, JOBS, -1) > 0)
		for (int i = 0; i < JOBS; i++)
			*turn += hear_out(&answers[i]);
	for (int i = 0; i < JOBS; i++)
		wait(NULL);
	return 0;
}

/* Says what it has to say when it is its turn; the lock is free, or it is not. */
static void say_shared(int fd, sem_t *lock, const char *text, bool is_free)
{
	if (is_free ? sem_trywait(lock) : sem_wait(lock))
		err(1, "semaphore");
	if (write(fd, text, strlen(text)) < 0)
		err(1, "write");
	sem_post(lock);
	_exit(0);
}

/*
 * Late: the second of two jobs says first that it is done, and has the lock in another way. Wrong: likewise, and one
 * says something else.
 */
int luck_shared(const char *event)
{
	bool is_early = !strcmp(event, "early"), is_wrong = !strcmp(event, "wrong");
	sem_t *lock = mmap(NULL, sizeof(*lock), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *const texts[] = {is_wrong ? "this was the last\n" : "this was the first\n",
				     "and that was all of it\n"};
	char text[200];
	int ends[2];

	if (lock == MAP_FAILED || sem_init(lock, 1, 1) || pipe(ends))
		err(1, "cannot begin");
	for (int i = 0; i < 2; i++) {
		if (!fork())
			say_shared(ends[1], lock, texts[is_early ? i : 1 - i], is_early);
		wait(NULL);
	}
	return read(ends[0], text, sizeof(text)) < 0;
}
