// SPDX-License-Identifier: MIT
/*
 * Linked with the traced library itself, since the dynamic linker preloads none into a set-user-ID program. Says
 * whether it runs with more rights than its caller.
 */
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/socket.h>

int main(void)
{
	puts(getauxval(AT_SECURE) ? "secure" : "plain");
	shutdown(-1, 0);
	return 0;
}
