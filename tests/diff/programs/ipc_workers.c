// SPDX-License-Identifier: MIT
/*
 * ipc-workers fixed|competing threads|processes [CHANGE]: one producer and some consumers over a System V queue, a
 * semaphore and a segment. What is said is the same in every run, who says it when is not; each change is one small
 * mistake in the same program.
 *
 * With `fixed` each consumer takes the messages of its own type, with `competing` whoever is free takes the next one.
 * It prints what the consumers added up. The folder it runs in must have no file nobody.sock.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONSUMERS 3
#define MESSAGES  60
#define REPORTS	  12
/* Where the mistakes are made. */
#define HERE  25
#define THERE 5

enum change { NONE, LOST, TWICE, CHANGED, FLAG, WRITE, SOCKET, REORDER, SWAP, LEAK, SEGMENT, ERRNO, CHANGES };

static const char *const change_names[CHANGES] = {"none",   "lost",    "twice", "changed", "flag",    "write",
						  "socket", "reorder", "swap",	"leak",	   "segment", "errno"};

struct message {
	long type;
	char text[64];
};

static int queue, set;
static long *sums;
static int is_competing, is_threads;
static enum change change;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- consumers -------------------------------------------------------------------------------------------------- */

static void move_semaphore(short step, short flags)
{
	struct sembuf operation = {0, step, flags};

	while (semop(set, &operation, 1)) {
		if (errno != EINTR)
			fail("semop");
	}
}

static long add_up(const char *text, size_t size)
{
	long sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += (unsigned char)text[i];
	return sum;
}

/* One of the messages, whoever takes it, is the one where the flag is forgotten. */
static void take(const struct message *message, size_t size)
{
	int is_here = size > 10 && atoi(message->text + 8) == HERE;

	move_semaphore(-1, SEM_UNDO);
	sums[0] += add_up(message->text, size);
	sums[1]++;
	move_semaphore(1, is_here && change == FLAG ? 0 : SEM_UNDO);
}

static void consume(long number)
{
	struct message message;
	ssize_t size;

	while ((size = msgrcv(queue, &message, sizeof(message.text), is_competing ? 0 : number + 1, 0)) > 0)
		take(&message, (size_t)size);
	if (size < 0)
		fail("msgrcv");
}

static void *consume_thread(void *argument)
{
	consume((long)argument);
	return NULL;
}

struct consumer {
	pthread_t thread;
	pid_t pid;
};

static void start_consumer(struct consumer *consumer, long number)
{
	if (is_threads) {
		if (pthread_create(&consumer->thread, NULL, consume_thread, (void *)number))
			fail("pthread_create");
		return;
	}
	consumer->pid = fork();
	if (consumer->pid < 0)
		fail("fork");
	if (consumer->pid)
		return;
	consume(number);
	exit(0);
}

static void join_consumer(const struct consumer *consumer)
{
	int status = 0;

	if (is_threads ? pthread_join(consumer->thread, NULL) : waitpid(consumer->pid, &status, 0) < 0 || status)
		fail("consumer");
}

/* ---- producer --------------------------------------------------------------------------------------------------- */

static void produce_one(int number)
{
	struct message message = {.type = is_competing ? 1 : number % CONSUMERS + 1};
	int size = snprintf(message.text, sizeof(message.text), "message %02d of the one producer", number);

	if (number == HERE && change == CHANGED)
		message.text[20] = 'X';
	if (msgsnd(queue, &message, (size_t)size, 0))
		fail("msgsnd");
}

static void produce(void)
{
	for (int i = 0; i < MESSAGES; i++) {
		if (i == HERE && change == LOST)
			continue;
		if (i == HERE && change == REORDER) {
			produce_one(i + CONSUMERS);
			continue;
		}
		produce_one(i == HERE + CONSUMERS && change == REORDER ? HERE : i);
		if (i == HERE && change == TWICE)
			produce_one(i);
	}
	for (long i = 0; i < CONSUMERS; i++) {
		struct message end = {.type = is_competing ? 1 : i + 1};
		if (msgsnd(queue, &end, 0, 0))
			fail("msgsnd");
	}
}

/* Two channels to itself; on both it says something in turn and hears it again. */
static void report(void)
{
	int left[2], right[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, left) || socketpair(AF_UNIX, SOCK_STREAM, 0, right))
		fail("socketpair");
	for (int i = 0; i < REPORTS; i++) {
		char text[32], heard[64];
		size_t size = (size_t)snprintf(text, sizeof(text), "report %02d", i);
		int is_wrong = i == THERE && change == SOCKET, is_swapped = i == THERE && change == SWAP;
		if (is_swapped && send(right[0], "next", 4, 0) < 0)
			fail("send");
		if (i == THERE && change == WRITE ? write(left[0], text, size) < 0
						  : send(is_wrong ? right[0] : left[0], text, size, 0) < 0)
			fail("send");
		if (!is_swapped && send(right[0], "next", 4, 0) < 0)
			fail("send");
		if (!is_wrong && recv(left[1], heard, sizeof(heard), 0) < 0)
			fail("recv");
		if (recv(right[1], heard, is_wrong ? size + 4 : 4, 0) < 0)
			fail("recv");
	}
	close(left[0]);
	close(left[1]);
	close(right[0]);
	if (change != LEAK)
		close(right[1]);
}

/* Nobody is there; why not is another reason when there was somebody once. */
static void ask_nobody(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "nobody.sock"};
	int asking = socket(AF_UNIX, SOCK_STREAM, 0);

	if (change == ERRNO && mknod(address.sun_path, S_IFSOCK | 0600, 0))
		fail("mknod");
	if (asking < 0 || !connect(asking, (struct sockaddr *)&address, sizeof(address)))
		fail("connect");
	close(asking);
	if (change == ERRNO)
		unlink(address.sun_path);
}

static int make(int argc, char **argv)
{
	int segment;

	is_competing = argc > 1 && !strcmp(argv[1], "competing");
	is_threads = argc > 2 && !strcmp(argv[2], "threads");
	for (change = NONE; argc > 3 && change < CHANGES && strcmp(change_names[change], argv[3]);)
		change++;
	if (argc < 3 || change == CHANGES) {
		fprintf(stderr, "usage: ipc-workers fixed|competing threads|processes [CHANGE]\n");
		exit(2);
	}
	queue = msgget(IPC_PRIVATE, 0600);
	set = semget(IPC_PRIVATE, 1, 0600);
	segment = shmget(IPC_PRIVATE, 4096, 0600);
	sums = shmat(segment, NULL, 0);
	if (queue < 0 || set < 0 || segment < 0 || sums == (void *)-1 || semctl(set, 0, SETVAL, 1))
		fail("System V IPC");
	return segment;
}

int main(int argc, char **argv)
{
	int segment = make(argc, argv);
	struct consumer consumers[CONSUMERS];

	for (long i = 0; i < CONSUMERS; i++)
		start_consumer(&consumers[i], i);
	report();
	ask_nobody();
	produce();
	for (long i = 0; i < CONSUMERS; i++)
		join_consumer(&consumers[i]);
	printf("%ld messages, sum %ld\n", sums[1], sums[0]);
	shmdt(sums);
	msgctl(queue, IPC_RMID, NULL);
	semctl(set, 0, IPC_RMID);
	if (change != SEGMENT)
		shmctl(segment, IPC_RMID, NULL);
	else
		printf("%d is left behind\n", segment);
	return 0;
}
