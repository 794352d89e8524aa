// SPDX-License-Identifier: MIT
/*
 * system() and popen() start a shell from inside libc, with the program's environment as it stands: no wrapper of ours
 * comes between. They are not recorded; where the library cannot be found by the shell, they are kept from saying so.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "preload/capture.h"
#include "preload/environment.h"

EXPORT int system(const char *command)
{
	int (*original)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "system");

	environment_settle();
	return original(command);
}

EXPORT FILE *popen(const char *command, const char *type)
{
	FILE *(*original)(const char *, const char *) =
		(FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "popen");

	environment_settle();
	return original(command, type);
}
