// SPDX-License-Identifier: MIT
#include "sample.h"

#include <sys/ipc.h>

int main(void)
{
	expect("ftok(\"/\", 65) = %#x", ftok("/", 65));
	ftok("/no/such/file", 1);
	expect("ftok(\"/no/such/file\", 1) = %s", failure());
	return 0;
}
