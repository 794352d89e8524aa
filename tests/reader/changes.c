// SPDX-License-Identifier: MIT
/*
 * A small program for the tests of diff, one change of which is of one class: `changes` alone is what it is compared
 * with, `changes NAME` does one thing otherwise.
 */
#include "trace/raw.h"

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG_BYTES (8u << 20)

static const char *change = "";

static bool is(const char *name)
{
	return !strcmp(change, name);
}

static void say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), 0) < 0)
		err(1, "send");
}

static void hear(int fd, size_t size)
{
	char text[256];

	if (recv(fd, text, size, MSG_WAITALL) < 0)
		err(1, "recv");
}

/* A message less, more, other, longer, elsewhere, or in another order. */
static void talk(void)
{
	int first[2], second[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, first) || socketpair(AF_UNIX, SOCK_DGRAM, 0, second))
		err(1, "socketpair");
	say(first[0], "one");
	if (!is("removed") && !is("exchanged"))
		say(first[0], "two");
	if (is("added"))
		say(first[0], "two and a half");
	say(first[0], is("payload") ? "thrEe" : is("bytes") ? "three and more" : "three");
	if (is("reordered-causal")) {
		say(first[0], "five");
		say(first[0], "four");
	} else {
		say(first[0], "four");
		say(first[0], "five");
	}
	say(is("object") ? second[0] : first[0], "six");
	if (is("call"))
		(void)!write(first[0], "seven", 5);
	else
		say(first[0], "seven");
	if (is("exchanged"))
		say(first[0], "eight");
	for (int i = 0; i < (is("count") ? 9 : 12); i++)
		say(second[0], "tick");
	for (int i = 0; i < (is("count-turns") ? 9 : 6); i++) {
		say(first[0], "there");
		say(second[0], "and back");
	}
	close(first[0]);
	close(first[1]);
	close(second[0]);
	if (!is("leak"))
		close(second[1]);
}

static void ask_files(void)
{
	int size = is("arguments") ? 8192 : 4096, one = socket(AF_UNIX, SOCK_STREAM, 0), fd;
	char template[] = "/tmp/changes-XXXXXX", text[64] = "some text in a file";
	struct iovec piece = {text, sizeof(text)};

	setsockopt(one, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	close(one);
	(void)!open(is("result") ? "/dev/null/none" : "/nonexistent/none", O_RDONLY);
	fd = mkstemp(template);
	unlink(template);
	(void)!writev(fd, &piece, 1);
	if (is("short-io")) {
		/* by its name, which is not traced */
		snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
		(void)!truncate(text, 40);
	}
	(void)!preadv(fd, &piece, 1, 0);
	close(fd);
}

static void ask_null(void)
{
	close(open("/dev/null", O_RDONLY));
}

/*
 * Four things, each asked once or twice: in which order two of them are, nobody can see, nor where two calls about a
 * thing of their own are; but in which order one and the same is asked this and that.
 */
static void ask_each(void)
{
	int segment = shmget(IPC_PRIVATE, 4096, 0600), queue = msgget(IPC_PRIVATE, 0600);
	int set = semget(IPC_PRIVATE, 1, 0600), other = semget(IPC_PRIVATE, 1, 0600);
	struct shmid_ds of_segment;
	struct msqid_ds of_queue;

	if (!is("reordered-far"))
		semctl(set, 0, GETVAL);
	if (!is("reordered-block"))
		ask_null();
	if (is("reordered"))
		msgctl(queue, IPC_STAT, &of_queue);
	shmctl(segment, IPC_STAT, &of_segment);
	if (!is("reordered"))
		msgctl(queue, IPC_STAT, &of_queue);
	semctl(other, 0, GETVAL);
	semctl(set, 0, GETNCNT);
	if (is("reordered-far"))
		semctl(set, 0, GETVAL);
	if (is("reordered-block"))
		ask_null();
	shmctl(segment, IPC_RMID, NULL);
	msgctl(queue, IPC_RMID, NULL);
	semctl(set, 0, IPC_RMID);
	semctl(other, 0, IPC_RMID);
}

static void hold_memory(void)
{
	int segment = shmget(IPC_PRIVATE, 4096, 0600), queue = msgget(IPC_PRIVATE, 0600);

	if (!is("leak-segment"))
		shmctl(segment, IPC_RMID, NULL);
	if (!is("leak-queue"))
		msgctl(queue, IPC_RMID, NULL);
	/* not left to the machine for ever: in a way that is not traced */
	raw_syscall(SYS_shmctl, segment, IPC_RMID, 0);
	raw_syscall(SYS_msgctl, queue, IPC_RMID, 0);
	int pair[2];
	if ((is("leak-pair") && socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) || (is("leak-pipe") && pipe(pair)))
		err(1, "no pair");
	void *map = mmap(NULL, 65536, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!is("leak-mapping"))
		munmap(map, 65536);
	/* What the kernel has to give back takes the longer, the more of it was used. */
	for (int i = 0; i < 30; i++) {
		map = mmap(NULL, BIG_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (is("latency"))
			memset(map, 1, BIG_BYTES);
		munmap(map, BIG_BYTES);
	}
}

static void *wait_for(void *argument)
{
	int *pair = argument;

	for (int i = 0; i < 30; i++)
		hear(pair[1], 4);
	if (!is("moved"))
		say(pair[1], "moved");
	return NULL;
}

static void *do_little(void *argument)
{
	int *pair = argument;

	hear(pair[1], 4);
	return NULL;
}

static void *do_it_instead(void *argument)
{
	int *pair = argument;

	hear(pair[1], 4);
	if (is("moved"))
		say(pair[1], "moved");
	return NULL;
}

static void start_threads(void)
{
	void *(*const routines[])(void *) = {wait_for, do_it_instead, do_little, do_little, do_little, do_little};
	int count = is("structure") ? 6 : 3, pair[2];
	pthread_t thread;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		err(1, "socketpair");
	for (int i = 0; i < count; i++) {
		if (pthread_create(&thread, NULL, routines[i], pair))
			errx(1, "no thread");
		for (int k = 0; k < (i ? 1 : 30); k++) {
			if (is("wait"))
				usleep(3000);
			say(pair[0], "beat");
		}
		pthread_join(thread, NULL);
	}
}

static void start_processes(void)
{
	for (int i = 0; i < (is("process") ? 2 : 1); i++) {
		pid_t pid = fork();
		if (!pid) {
			close(socket(AF_UNIX, SOCK_STREAM, 0));
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	change = argc > 1 ? argv[1] : "";
	talk();
	ask_files();
	ask_each();
	hold_memory();
	start_threads();
	start_processes();
	if (is("crash"))
		__builtin_trap();
	return 0;
}
