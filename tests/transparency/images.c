// SPDX-License-Identifier: MIT
/*
 * New images: each way to start one, with an empty environment, and of programs that cannot be traced (static, or
 * running with more rights). images PLAIN STATIC: the programs to start print their argument.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "facts.h"

extern char **environ;

static const char *plain, *fixed;

static void await(pid_t child, const char *what)
{
	int status = 0;

	must(child, what);
	if (waitpid(child, &status, 0) != child)
		give_up("waitpid after %s", what);
	printf("%s: status %x\n", what, (unsigned)status);
	fflush(stdout);
}

#define CHILD(what, call)                         \
	do {                                      \
		pid_t child_ = fork();            \
		if (child_ == 0) {                \
			call;                     \
			_exit(errno ? 100 : 101); \
		}                                 \
		await(child_, what);              \
	} while (0)

static void by_exec(char *const empty[])
{
	char *const argv[] = {"speaker", "exec", NULL};

	CHILD("execve", execve(plain, argv, environ));
	CHILD("execve with nothing", execve(plain, argv, empty));
	CHILD("execve with NULL", execve(plain, argv, NULL));
	CHILD("execv", execv(plain, argv));
	CHILD("execvp", execvp(plain, argv));
	CHILD("execvpe", execvpe(plain, argv, empty));
	CHILD("execl", execl(plain, "speaker", "exec", (char *)NULL));
	CHILD("execlp", execlp(plain, "speaker", "exec", (char *)NULL));
	CHILD("execle", execle(plain, "speaker", "exec", (char *)NULL, empty));
	CHILD("fexecve", fexecve(open(plain, O_RDONLY), argv, empty));
	CHILD("execveat", execveat(AT_FDCWD, plain, argv, empty, 0));
	CHILD("execve by number", syscall(SYS_execve, plain, argv, empty));
	CHILD("execve after clearenv", (clearenv(), execv(plain, argv)));
}

static void by_spawn(char *const empty[])
{
	char *const argv[] = {"speaker", "spawn", NULL};
	posix_spawn_file_actions_t actions;
	pid_t child;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (posix_spawn(&child, plain, &actions, NULL, argv, empty))
		give_up("posix_spawn");
	await(child, "posix_spawn");
	if (posix_spawnp(&child, plain, NULL, NULL, argv, environ))
		give_up("posix_spawnp");
	await(child, "posix_spawnp");
	printf("posix_spawn of nothing: %d\n", posix_spawn(&child, "/nonexistent", NULL, NULL, argv, environ));
}

static void of_the_untraceable(char *const empty[])
{
	char *const argv[] = {"speaker", "untraceable", NULL}, name[] = "./set-user-id";
	char command[600];

	CHILD("a static program", execve(fixed, argv, environ));
	CHILD("a static program, nothing", execve(fixed, argv, empty));
	snprintf(command, sizeof(command), "cp '%s' %s && chown nobody %s && chmod 4755 %s", plain, name, name, name);
	if (geteuid() == 0 && system(command) == 0)
		CHILD("a set-user-ID program", execve(name, argv, environ));
}

static void of_the_impossible(char *const empty[])
{
	char *const argv[] = {"x", NULL};
	char *bad_environment[] = {address_bad(), NULL};

	printf("%d", execve("/nonexistent", argv, environ));
	printf(" %d\n", errno);
	printf("%d", execve("/", argv, empty));
	printf(" %d\n", errno);
	printf("%d", execve(address_bad(), argv, empty));
	printf(" %d\n", errno);
	printf("%d", execve(plain, address_bad(), empty));
	printf(" %d\n", errno);
	printf("%d", execve(plain, argv, address_bad()));
	printf(" %d\n", errno);
	printf("%d", execve(plain, argv, bad_environment));
	printf(" %d\n", errno);
}

int main(int argc, char **argv)
{
	char *const empty[] = {NULL};

	if (argc < 3) { /* this is the speaker */
		printf("%s says %s\n", argv[1],
		       recv(-1, NULL, 0, 0) == -1 && errno == EBADF ? "EBADF" : "something else");
		return 42;
	}
	plain = argv[1];
	fixed = argv[2];
	by_exec(empty);
	by_spawn(empty);
	of_the_untraceable(empty);
	of_the_impossible(empty);
	/* all but the static and the set-user-ID ones */
	fact_made("recv", 13 + 2);
	fact_made("posix_spawn", 2);
	fact_made("fork", geteuid() == 0 ? 16 : 15);
	return 0;
}
