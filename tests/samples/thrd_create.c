// SPDX-License-Identifier: MIT
/* A thread, and one for whose stack there is no room. */
#include <threads.h>

#include "tests/samples/sample.h"

static int run(void *arg)
{
	pause();
	return 0;
}

int main(void)
{
	const struct rlimit none = {0, 0};
	thrd_t first, second;
	int result = thrd_create(&first, run, &first);

	must(result == thrd_success ? 0 : -1);
	expect_text("thrd_success", "thrd_create([%#lx], %p, %p)", first, (void *)run, (void *)&first);
	/* its stack is in use, and no other can be had */
	must(setrlimit(RLIMIT_AS, &none));
	must(thrd_create(&second, run, NULL) == thrd_error ? 0 : -1);
	expect_text("thrd_error", "thrd_create(%p, %p, NULL)", (void *)&second, (void *)run);
	thrd_detach(first);
}
