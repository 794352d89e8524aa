// SPDX-License-Identifier: MIT
/*
 * A producer of four threads and a consumer, over two System V queues, a semaphore and shared memory.
 *
 *   sysv-pair consumer KEY    makes the objects at KEY and the three keys behind it, serves, and removes them
 *   sysv-pair producer KEY    40 jobs; prints what came back
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#define THREADS 4
#define JOBS	10
#define BYE	99

struct message {
	long type;
	char text[100];
};

static int requests, answers, memory, slots;
static int *done; /* shared: jobs of each thread */
static long sums[THREADS + 1];

static void change(int by)
{
	struct sembuf operation = {0, (short)by, 0};

	if (semop(slots, &operation, 1))
		perror("semop");
}

static void *produce(void *argument)
{
	long number = (long)(intptr_t)argument;
	struct message message;

	for (int job = 0; job < JOBS; job++) {
		change(-1);
		message.type = number;
		snprintf(message.text, sizeof(message.text), "thread %ld asks for job %d", number, job);
		if (msgsnd(requests, &message, strlen(message.text) + 1, 0) ||
		    msgrcv(answers, &message, sizeof(message.text), number, 0) < 0)
			perror("producer");
		sums[number] += atol(message.text);
		done[number]++;
	}
	return NULL;
}

static int producer(void)
{
	pthread_t threads[THREADS + 1];
	struct message bye = {BYE, "bye"};

	for (long i = 1; i <= THREADS; i++)
		pthread_create(&threads[i], NULL, produce, (void *)(intptr_t)i);
	for (long i = 1; i <= THREADS; i++)
		pthread_join(threads[i], NULL);
	msgsnd(requests, &bye, 4, 0);
	for (long i = 1; i <= THREADS; i++)
		printf("%d jobs, %ld in all\n", done[i], sums[i]);
	return 0;
}

static int consumer(void)
{
	struct message message;
	long jobs = 0;

	change(2);
	while (msgrcv(requests, &message, sizeof(message.text), 0, 0) >= 0 && message.type != BYE) {
		snprintf(message.text, sizeof(message.text), "%d of thread %ld",
			 7 * message.text[strlen(message.text) - 1], message.type);
		jobs++;
		msgsnd(answers, &message, strlen(message.text) + 1, 0);
		change(1);
	}
	msgctl(requests, IPC_RMID, NULL);
	msgctl(answers, IPC_RMID, NULL);
	semctl(slots, 0, IPC_RMID);
	shmctl(memory, IPC_RMID, NULL);
	return jobs == THREADS * JOBS ? 0 : 1;
}

int main(int argc, char **argv)
{
	key_t key = argc > 2 ? (key_t)strtol(argv[2], NULL, 0) : IPC_PRIVATE;
	int is_consumer = argc > 2 && !strcmp(argv[1], "consumer"), flags = is_consumer ? IPC_CREAT | 0600 : 0;

	/* the consumer makes the queue of requests last */
	if (is_consumer) {
		slots = semget(key + 3, 1, flags);
		memory = shmget(key + 2, 4096, flags);
		answers = msgget(key + 1, flags);
		requests = msgget(key, flags);
	} else {
		while ((requests = msgget(key, flags)) < 0)
			usleep(1000);
		answers = msgget(key + 1, flags);
		memory = shmget(key + 2, 4096, flags);
		slots = semget(key + 3, 1, flags);
	}
	done = shmat(memory, NULL, 0);
	if (requests < 0 || answers < 0 || memory < 0 || slots < 0 || done == (void *)-1) {
		perror("sysv-pair");
		return 2;
	}
	return is_consumer ? consumer() : producer();
}
