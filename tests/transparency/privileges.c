// SPDX-License-Identifier: MIT
/*
 * Rights and the root folder are given up; threads, children, new images and shells come after that. To be run as root.
 */
#include <grp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

#define CALLS 1000

static void talk(void)
{
	int fds[2];
	char byte;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), "socketpair");
	for (int i = 0; i < CALLS; i++)
		if (send(fds[0], "x", 1, 0) != 1 || recv(fds[1], &byte, 1, 0) != 1)
			give_up("send");
}

static void *talk_in_thread(void *argument)
{
	talk();
	return NULL;
}

static void talk_everywhere(const char *where)
{
	pthread_t thread;
	int status;

	talk();
	if (pthread_create(&thread, NULL, talk_in_thread, NULL))
		give_up("pthread_create");
	pthread_join(thread, NULL);
	fflush(stdout);
	pid_t child = must(fork(), "fork");
	if (child == 0) {
		talk();
		_exit(0);
	}
	must(waitpid(child, &status, 0), "waitpid");
	printf("%s: child %x\n", where, (unsigned)status);
}

/* Not the tracer's library nor its file can be reached from here: the new image runs untraced, and says nothing. */
static void start_image(void)
{
	int status, ends[2];
	char text[256];
	ssize_t size;

	must(pipe(ends), "pipe");
	fflush(stdout);
	pid_t child = must(fork(), "fork");
	if (child == 0) {
		dup2(ends[1], 1);
		dup2(ends[1], 2);
		execl("/speaker", "speaker", "hello", (char *)NULL);
		_exit(errno);
	}
	close(ends[1]);
	must(waitpid(child, &status, 0), "waitpid");
	size = read(ends[0], text, sizeof(text));
	printf("image: %x, %.*s\n", (unsigned)status, (int)(size > 0 ? size : 0), text);
}

/* The same for those that libc starts by itself. */
static void start_shells(void)
{
	char line[64] = "";
	FILE *pipe = popen("echo from a shell", "r");

	if (!pipe || !fgets(line, sizeof(line), pipe))
		give_up("popen");
	printf("popen: %x, %s", (unsigned)pclose(pipe), line);
	fflush(stdout);
	printf("system: %x\n", (unsigned)system("echo from another; exit 3"));
}

int main(int argc, char **argv)
{
	const char *copy =
		"mkdir -p -m 755 root/bin root/lib/x86_64-linux-gnu root/lib64 && cp /bin/echo root/speaker &&"
		"cp /bin/sh root/bin/sh &&"
		"cp /lib/x86_64-linux-gnu/libc.so.6 root/lib/x86_64-linux-gnu/ &&"
		"cp /lib64/ld-linux-x86-64.so.2 root/lib64/";

	must(system(copy) ? -1 : 0, "copying an image");
	talk_everywhere("at home");
	must(chroot("root"), "chroot");
	must(chdir("/"), "chdir");
	talk_everywhere("in another root");
	must(setgroups(0, NULL), "setgroups");
	must(setgid(65534), "setgid");
	must(setuid(65534), "setuid");
	talk_everywhere("as nobody");
	start_image();
	start_shells();
	fact_made("send", 9 * CALLS);
	fact_made("recv", 9 * CALLS);
	return 0;
}
