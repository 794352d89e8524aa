// SPDX-License-Identifier: MIT
/* A program to be recorded, or to be beyond recording when it is linked statically or runs set-user-ID. */
#include <unistd.h>

int main(void)
{
	return write(STDOUT_FILENO, "greetings\n", 10) == 10 ? 3 : 1;
}
