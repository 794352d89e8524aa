// SPDX-License-Identifier: MIT
/*
 * Many threads that make many calls: `crowd THREADS CALLS`. In pairs over System V queues, half of the calls send.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>

struct message {
	long type;
	char text[16];
};

static long calls;

struct pair {
	int queue;
	pthread_t threads[2];
};

static void *send_all(void *argument)
{
	struct message message = {1, "sixteen bytes.."};

	for (long i = 0; i < calls; i++)
		msgsnd(((struct pair *)argument)->queue, &message, sizeof(message.text), 0);
	return NULL;
}

static void *receive_all(void *argument)
{
	struct message message;

	for (long i = 0; i < calls; i++)
		msgrcv(((struct pair *)argument)->queue, &message, sizeof(message.text), 0, 0);
	return NULL;
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[1]) / 2 : 2;
	struct pair *pairs = calloc((size_t)count, sizeof(*pairs));

	calls = argc > 2 ? atol(argv[2]) / (2 * count) : 100;
	for (int i = 0; i < count; i++) {
		pairs[i].queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
		pthread_create(&pairs[i].threads[0], NULL, send_all, &pairs[i]);
		pthread_create(&pairs[i].threads[1], NULL, receive_all, &pairs[i]);
	}
	for (int i = 0; i < count; i++) {
		pthread_join(pairs[i].threads[0], NULL);
		pthread_join(pairs[i].threads[1], NULL);
		msgctl(pairs[i].queue, IPC_RMID, NULL);
	}
	free(pairs);
	return 0;
}
