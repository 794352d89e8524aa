// SPDX-License-Identifier: MIT
/*
 * A long run for diff: the same calls every time but for those that the command line asks to be otherwise.
 *
 *   edits CALLS EDITS     about CALLS calls in two threads, of which EDITS are missing, doubled or changed
 *
 * Half of the messages are all different, as in real protocols, half repeat: the first make an alignment easy, the
 * second make it expensive.
 */
#include <err.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS 2
/* What one turn makes: send, recv, semop up, semop down, msgsnd, msgrcv, recv that fails. */
#define TURN_CALLS 7

enum edit { EDIT_NONE, EDIT_LESS, EDIT_MORE, EDIT_CONTENT, EDIT_FLAG, EDIT_ERRNO, EDITS };

struct share {
	unsigned long turns;
	unsigned long every; /* turns between two edits; 0: none */
};

struct message {
	long type;
	char text[32];
};

static void turn(int pair[2], int set, int queue, unsigned long number, enum edit edit)
{
	struct sembuf up = {.sem_op = 1}, down = {.sem_op = -1, .sem_flg = edit == EDIT_FLAG ? IPC_NOWAIT : 0};
	struct message message = {.type = 1, .text = "tick"};
	char text[48] = {0}, answer[48];

	snprintf(text, sizeof(text), "message %lu%s", number, edit == EDIT_CONTENT ? "!" : "");
	if (edit != EDIT_LESS) {
		if (send(pair[0], text, sizeof(text), 0) < 0 || recv(pair[1], answer, sizeof(answer), 0) < 0)
			err(1, "talk");
	}
	if (semop(set, &up, 1) || semop(set, &down, 1))
		err(1, "semop");
	for (int i = 0; i <= (edit == EDIT_MORE); i++)
		if (msgsnd(queue, &message, 4, 0) || msgrcv(queue, &message, sizeof(message.text), 0, 0) < 0)
			err(1, "queue");
	(void)!recv(edit == EDIT_ERRNO ? STDIN_FILENO : -1, answer, sizeof(answer), 0);
}

static void *work(void *argument)
{
	const struct share *share = argument;
	int set = semget(IPC_PRIVATE, 1, 0600), queue = msgget(IPC_PRIVATE, 0600), pair[2];
	unsigned long edits = 0;

	if (set < 0 || queue < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		err(1, "objects");
	for (unsigned long i = 0; i < share->turns; i++) {
		bool is_edit = share->every && i % share->every == share->every / 2;
		turn(pair, set, queue, i, is_edit ? (enum edit)(1 + edits++ % (EDITS - 1)) : EDIT_NONE);
	}
	semctl(set, 0, IPC_RMID);
	msgctl(queue, IPC_RMID, NULL);
	close(pair[0]);
	close(pair[1]);
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned long calls = argc == 3 ? strtoul(argv[1], NULL, 10) : 0,
		      edits = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct share share = {.turns = calls / TURN_CALLS / THREADS};
	pthread_t threads[THREADS];

	if (!calls) {
		fprintf(stderr, "usage: edits CALLS EDITS\n");
		return 2;
	}
	share.every = edits ? share.turns * THREADS / edits : 0;
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, &share))
			errx(1, "no thread");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
