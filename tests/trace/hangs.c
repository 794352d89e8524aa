// SPDX-License-Identifier: MIT
/*
 * Threads that each wait for ever in another call: hangs FOLDER [secret]
 *
 * Prints what must be removed when it is gone, then "ready" when all wait or are about to. With "secret" nobody without
 * privileges may read its memory.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char *folder;

static struct sockaddr_un address_in(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, name);
	return address;
}

static void *wait_semop(void *set)
{
	struct sembuf operations[] = {{0, 1, 0}, {1, -3, SEM_UNDO}};

	semop(*(int *)set, operations, 2);
	return NULL;
}

static void *wait_msgsnd(void *queue)
{
	struct {
		long type;
		char text[4000];
	} message = {.type = 77};

	while (!msgsnd(*(int *)queue, &message, sizeof(message.text), 0))
		;
	return NULL;
}

static void *wait_poll(void *pipe)
{
	struct pollfd set[] = {{((int *)pipe)[0], POLLIN, 0}, {-1, POLLOUT, 0}};

	poll(set, 2, -1);
	return NULL;
}

static void *wait_select(void *pipe)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(((int *)pipe)[0], &set);
	select(((int *)pipe)[0] + 1, &set, NULL, NULL, NULL);
	return NULL;
}

static void *wait_writev(void *pipe)
{
	static char large[200000], small[10];
	struct iovec vector[] = {{large, sizeof(large)}, {small, sizeof(small)}};

	writev(((int *)pipe)[1], vector, 2);
	return NULL;
}

/* Nobody receives from the socket there. */
static void *wait_sendto(void *unused)
{
	struct sockaddr_un address = address_in("deaf");
	int deaf = socket(AF_UNIX, SOCK_DGRAM, 0), sender = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (bind(deaf, (struct sockaddr *)&address, sizeof(address)))
		return NULL;
	while (sendto(sender, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1)
		;
	return NULL;
}

/* The queue of those that want to be accepted is full. */
static void *wait_connect(void *unused)
{
	struct sockaddr_un address = address_in("busy");
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 0))
		return NULL;
	while (!connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)))
		;
	return NULL;
}

static void *wait_open(void *unused)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/fifo", folder);
	if (!mkfifo(path, 0600))
		open(path, O_RDONLY);
	return NULL;
}

static void *wait_sem(void *unused)
{
	static const struct timespec far = {4000000000, 5};
	static sem_t sem;

	sem_init(&sem, 0, 0);
	sem_timedwait(&sem, &far);
	return NULL;
}

int main(int argc, char **argv)
{
	int set = semget(IPC_PRIVATE, 2, 0600), queue = msgget(IPC_PRIVATE, 0600), pipes[3][2];
	const struct {
		void *(*wait)(void *what);
		void *what;
	} rows[] = {
		{wait_semop, &set},	 {wait_msgsnd, &queue},	  {wait_poll, pipes[0]},
		{wait_select, pipes[1]}, {wait_writev, pipes[2]}, {wait_sendto, NULL},
		{wait_connect, NULL},	 {wait_open, NULL},	  {wait_sem, NULL},
	};
	pthread_t thread;

	folder = argv[1];
	if (argc > 2 && prctl(PR_SET_DUMPABLE, 0))
		return 1;
	for (int i = 0; i < 3; i++)
		if (pipe(pipes[i]))
			return 1;
	printf("-s %d\n-q %d\n", set, queue);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (pthread_create(&thread, NULL, rows[i].wait, rows[i].what))
			return 1;
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
