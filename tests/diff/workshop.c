// SPDX-License-Identifier: MIT
/*
 * Producers and consumers over System V IPC, for the tests of diff: a run without a change is always the same program,
 * however its threads are scheduled; each change is a small regression.
 *
 *   WORKSHOP_CHANGE=change workshop fixed|competing
 *
 * Each producer sends numbered messages. With `fixed` each consumer takes those of one producer, with `competing`
 * whoever is free takes the next. Results are added up under a semaphore and written to a segment; the main thread
 * says what it has to say over two pairs of sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#define PRODUCERS 3
#define MESSAGES  40

struct message {
	long type;
	char text[48];
};

static int queue, set, segment;
static int is_competing;
static const char *change;

static int changes(const char *name)
{
	return !strcmp(change, name);
}

static void lock(short step, short flags)
{
	struct sembuf operation = {0, step, flags};

	while (semop(set, &operation, 1) && errno == EINTR)
		;
}

static void *produce(void *argument)
{
	long number = (long)argument;
	int order[MESSAGES];

	for (int i = 0; i < MESSAGES; i++)
		order[i] = i;
	if (number == 1 && changes("reorder")) {
		order[20] = 21;
		order[21] = 20;
	}
	for (int i = 0; i < MESSAGES; i++) {
		struct message message = {.type = is_competing ? 1 : number + 1};
		int size = snprintf(message.text, sizeof(message.text), "producer %ld message %d", number, order[i]);
		if (number == 1 && i == 20 && changes("lost"))
			continue;
		if (number == 1 && i == 20 && changes("changed"))
			message.text[9] = 'X';
		int flags = number == 1 && i == 20 && changes("nowait") ? IPC_NOWAIT : 0;
		if (msgsnd(queue, &message, (size_t)size, flags))
			perror("msgsnd");
		if (number == 1 && i == 20 && changes("twice"))
			msgsnd(queue, &message, (size_t)size, 0);
	}
	return NULL;
}

static void *consume(void *argument)
{
	long number = (long)argument;
	long wanted = is_competing ? 0 : number + 1;
	long *sum = shmat(segment, NULL, 0);

	for (;;) {
		struct message message;
		ssize_t size = msgrcv(queue, &message, sizeof(message.text), wanted, 0);
		if (size <= 0)
			break;
		lock(-1, SEM_UNDO);
		*sum += size;
		/* One of the messages, whoever gets it. */
		int is_odd = changes("semflag") && !memcmp(message.text, "producer 1 message 20", 21);
		lock(1, is_odd ? 0 : SEM_UNDO);
	}
	shmdt(sum);
	return NULL;
}

static void speak(void)
{
	int first[2], second[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, first) || socketpair(AF_UNIX, SOCK_STREAM, 0, second))
		exit(1);
	for (int i = 0; i < 10; i++) {
		char text[32], answer[32];
		size_t size = (size_t)snprintf(text, sizeof(text), "line %d", i);
		int is_here = i == 5;
		int one = is_here && changes("socket") ? second[0] : first[0];
		if (is_here && changes("swap"))
			send(second[0], "and", 3, 0);
		if (is_here && changes("write"))
			(void)!write(one, text, size);
		else
			send(one, text, size, 0);
		if (!(is_here && changes("swap")))
			send(second[0], "and", 3, 0);
		recv(one == first[0] ? first[1] : second[1], answer, size, 0);
		recv(second[1], answer, 3, 0);
	}
	if (changes("leak"))
		close(first[0]), close(first[1]), close(second[0]);
	else
		close(first[0]), close(first[1]), close(second[0]), close(second[1]);
	if (open(changes("errno") ? "/dev/null/x" : "/nonexistent", O_RDONLY) >= 0)
		exit(1);
}

int main(int argc, char **argv)
{
	pthread_t producers[PRODUCERS], consumers[PRODUCERS];

	is_competing = argc > 1 && !strcmp(argv[1], "competing");
	change = getenv("WORKSHOP_CHANGE") ? getenv("WORKSHOP_CHANGE") : "";
	queue = msgget(IPC_PRIVATE, 0600);
	set = semget(IPC_PRIVATE, 1, 0600);
	segment = shmget(IPC_PRIVATE, 4096, 0600);
	if (queue < 0 || set < 0 || segment < 0)
		return 1;
	semctl(set, 0, SETVAL, 1);
	for (long i = 0; i < PRODUCERS; i++)
		pthread_create(&consumers[i], NULL, consume, (void *)i);
	for (long i = 0; i < PRODUCERS; i++)
		pthread_create(&producers[i], NULL, produce, (void *)i);
	speak();
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(producers[i], NULL);
	for (int i = 0; i < PRODUCERS; i++) {
		struct message end = {.type = i + 1};
		msgsnd(queue, &end, 0, 0);
	}
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(consumers[i], NULL);
	msgctl(queue, IPC_RMID, NULL);
	semctl(set, 0, IPC_RMID);
	if (!changes("segment"))
		shmctl(segment, IPC_RMID, NULL);
	return 0;
}
