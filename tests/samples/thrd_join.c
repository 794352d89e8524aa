// SPDX-License-Identifier: MIT
/* A thread with its result, and this one. */
#include <threads.h>

#include "tests/samples/sample.h"

static int run(void *arg)
{
	return 42;
}

int main(void)
{
	thrd_t thread;
	int result;

	must(thrd_create(&thread, run, NULL) == thrd_success ? 0 : -1);
	must(thrd_join(thread, &result) == thrd_success ? 0 : -1);
	expect_text("thrd_success", "thrd_join(%#lx, [42])", thread);
	must(thrd_join(thrd_current(), NULL) == thrd_error ? 0 : -1);
	expect_text("thrd_error", "thrd_join(%#lx, NULL)", thrd_current());
}
