// SPDX-License-Identifier: MIT
/*
 * Producers and consumers in threads, over a System V queue, semaphores and shared memory; POSIX semaphores tell when
 * all is there. Says nothing.
 */
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#define PRODUCERS 3
#define CONSUMERS 3
#define MESSAGES  40

struct message {
	long type;
	char text[48];
};

static int queue, set;
static sem_t finished;
static char *shared;

static void set_change(unsigned short number, short by)
{
	struct sembuf change = {number, by, 0};

	semop(set, &change, 1);
}

static void *produce(void *argument)
{
	long number = (long)argument;

	for (int i = 0; i < MESSAGES; i++) {
		struct message message = {number + 1, ""};
		memset(message.text, 'a' + (int)number, sizeof(message.text));
		message.text[0] = (char)i;
		set_change(0, -1); /* room */
		msgsnd(queue, &message, sizeof(message.text), 0);
		set_change(1, 1); /* something is there */
	}
	return NULL;
}

static void *consume(void *argument)
{
	struct message message;

	for (int i = 0; i < MESSAGES; i++) {
		set_change(1, -1);
		msgrcv(queue, &message, sizeof(message.text), 0, 0);
		shared[(long)argument]++;
		set_change(0, 1);
	}
	sem_post(&finished);
	return NULL;
}

int main(void)
{
	pthread_t threads[PRODUCERS + CONSUMERS];
	int segment = shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600);

	queue = msgget(0x5eed, IPC_CREAT | 0600);
	set = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
	shared = shmat(segment, NULL, 0);
	shmctl(segment, IPC_RMID, NULL);
	semctl(set, 0, SETVAL, 4);
	sem_init(&finished, 0, 0);
	for (long i = 0; i < PRODUCERS; i++)
		pthread_create(&threads[i], NULL, produce, (void *)i);
	for (long i = 0; i < CONSUMERS; i++)
		pthread_create(&threads[PRODUCERS + i], NULL, consume, (void *)i);
	for (int i = 0; i < CONSUMERS; i++)
		sem_wait(&finished);
	for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
		pthread_join(threads[i], NULL);
	sem_destroy(&finished);
	shmdt(shared);
	semctl(set, 0, IPC_RMID);
	msgctl(queue, IPC_RMID, NULL);
	return 0;
}
