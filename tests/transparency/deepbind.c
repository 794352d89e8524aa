// SPDX-License-Identifier: MIT
/*
 * A library that is opened so that it sees its own symbols first, and one in a namespace of its own: what they call is
 * not traced, and works. deepbind LIBRARY
 */
#include <dlfcn.h>
#include <sys/socket.h>

#include "facts.h"

static void ask(const char *how, void *library)
{
	int (*speak)(void) = library ? (int (*)(void))dlsym(library, "speak") : NULL;

	if (!speak)
		give_up("%s: %s", how, dlerror());
	printf("%s: %d\n", how, speak());
}

int main(int argc, char **argv)
{
	ask("RTLD_DEEPBIND", dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND));
	ask("dlmopen", dlmopen(LM_ID_NEWLM, argv[1], RTLD_NOW));
	ask("dlopen again", dlopen(argv[1], RTLD_NOW));
	int (*from_libc)(int, int, int, int *) = dlsym(dlopen("libc.so.6", RTLD_NOW), "socketpair");
	int (*as_any)(int, int, int, int *) = dlsym(RTLD_DEFAULT, "socketpair");
	printf("socketpair: %d %d\n", from_libc(-1, 0, 0, NULL), as_any(-1, 0, 0, NULL));
	recv(-1, NULL, 0, 0);
	fact_made("recv", 1);
	fact_made("socketpair", 1);
	return 0;
}
