// SPDX-License-Identifier: MIT
/* A program that is looked for, as old programs do too, and one that is nowhere. */
#include <spawn.h>

#include "tests/samples/sample.h"

int spawnp_of_2_2_5(pid_t *pid, const char *file, const posix_spawn_file_actions_t *file_actions,
		    const posix_spawnattr_t *attrp, char *const argv[], char *const envp[]);
__asm__(".symver spawnp_of_2_2_5, posix_spawnp@GLIBC_2.2.5");

int main(void)
{
	char *arguments[] = {"true", NULL};
	pid_t pid;
	int result = posix_spawnp(&pid, "true", NULL, NULL, arguments, environ);

	expect_error(result, "posix_spawnp([%d], \"true\", NULL, NULL, [\"true\"])", pid);
	must(waitpid(pid, NULL, 0));
	result = spawnp_of_2_2_5(NULL, "true", NULL, NULL, arguments, environ);
	expect_error(result, "posix_spawnp(NULL, \"true\", NULL, NULL, [\"true\"])");
	must(wait(NULL));
	expect_error(posix_spawnp(&pid, "no-such-program", NULL, NULL, arguments, environ),
		     "posix_spawnp(%p, \"no-such-program\", NULL, NULL, [\"true\"])", (void *)&pid);
}
