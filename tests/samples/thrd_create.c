// SPDX-License-Identifier: MIT
/* A thread, and one for whose stack there is no room. */
#include <threads.h>

#include "tests/samples/sample.h"

static int run(void *arg)
{
	return 0;
}

int main(void)
{
	const struct rlimit little = {1 << 20, 1 << 20};
	thrd_t thread;
	int result = thrd_create(&thread, run, &thread);

	must(result == thrd_success ? 0 : -1);
	expect_text("thrd_success", "thrd_create([%#lx], %p, %p)", thread, (void *)run, (void *)&thread);
	thrd_join(thread, NULL);
	must(setrlimit(RLIMIT_AS, &little));
	while (thrd_create(&thread, run, NULL) == thrd_success) {
		expect_text("thrd_success", "thrd_create([%#lx], %p, NULL)", thread, (void *)run);
		thrd_join(thread, NULL);
	}
	expect_text("thrd_error", "thrd_create(%p, %p, NULL)", (void *)&thread, (void *)run);
}
