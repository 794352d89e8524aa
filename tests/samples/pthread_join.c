// SPDX-License-Identifier: MIT
/* A thread with its result, one without, and this one. */
#include <pthread.h>

#include "tests/samples/sample.h"

static void *run(void *arg)
{
	return arg;
}

int main(void)
{
	pthread_t first, second;
	void *result;

	must(pthread_create(&first, NULL, run, &second));
	must(pthread_create(&second, NULL, run, NULL));
	expect_error(pthread_join(first, &result), "pthread_join(%#lx, [%p])", first, (void *)&second);
	expect_error(pthread_join(second, NULL), "pthread_join(%#lx, NULL)", second);
	expect_error(pthread_join(pthread_self(), NULL), "pthread_join(%#lx, NULL)", pthread_self());
}
