// SPDX-License-Identifier: MIT
/* The ends of children, as old programs do too; it cannot fail. */
#include "tests/samples/child.h"

void quick_exit_of_2_10(int status) __attribute__((noreturn));
__asm__(".symver quick_exit_of_2_10, quick_exit@GLIBC_2.10");

static void end(void)
{
	expect_text("?", "quick_exit(3)");
	quick_exit(3);
}

static void end_as_of_old(void)
{
	expect_text("?", "quick_exit(4)");
	quick_exit_of_2_10(4);
}

int main(void)
{
	in_child(end);
	in_child(end_as_of_old);
}
