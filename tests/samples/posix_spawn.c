// SPDX-License-Identifier: MIT
/* A program, with actions before it and without, as old programs do, and one that is not there. */
#include <spawn.h>

#include "tests/samples/sample.h"

int spawn_of_2_2_5(pid_t *pid, const char *path, const posix_spawn_file_actions_t *file_actions,
		   const posix_spawnattr_t *attrp, char *const argv[], char *const envp[]);
__asm__(".symver spawn_of_2_2_5, posix_spawn@GLIBC_2.2.5");

int main(void)
{
	posix_spawn_file_actions_t actions;
	char *arguments[] = {"true", "and an argument", NULL};
	pid_t pid;
	int result = posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, environ);

	expect_error(result, "posix_spawn([%d], \"/bin/true\", NULL, NULL, [\"true\", \"and an argument\"])", pid);
	must(waitpid(pid, NULL, 0));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addclose(&actions, 0);
	result = posix_spawn(&pid, "/bin/true", &actions, NULL, arguments + 2, environ);
	expect_error(result, "posix_spawn([%d], \"/bin/true\", %p, NULL, [])", pid, (void *)&actions);
	must(waitpid(pid, NULL, 0));
	result = spawn_of_2_2_5(&pid, "/bin/true", NULL, NULL, arguments, NULL);
	expect_error(result, "posix_spawn([%d], \"/bin/true\", NULL, NULL, [\"true\", \"and an argument\"])", pid);
	must(waitpid(pid, NULL, 0));
	expect_error(posix_spawn(&pid, "/missing", NULL, NULL, arguments, environ),
		     "posix_spawn(%p, \"/missing\", NULL, NULL, [\"true\", \"and an argument\"])", (void *)&pid);
}
