// SPDX-License-Identifier: MIT
/* It returns nothing and cannot fail. */
#include <aio.h>

#include "tests/samples/sample.h"

int main(void)
{
	const struct aioinit init = {.aio_threads = 3, .aio_num = 40, .aio_idle_time = 5};

	aio_init(&init);
	expect_text("?", "aio_init({aio_threads=3, aio_num=40, aio_idle_time=5})");
}
