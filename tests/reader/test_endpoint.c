// SPDX-License-Identifier: MIT
/*
 * Socket addresses reduced to what identifies them.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "reader/endpoint.h"

static void expect_text(const struct endpoint *endpoint, const char *expected)
{
	char text[160];

	endpoint_print(endpoint, false, text, sizeof(text));
	cr_expect(eq(str, text, (char *)expected));
}

static struct endpoint parse_inet6(const char *ip, uint16_t port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	inet_pton(AF_INET6, ip, &address.sin6_addr);
	return endpoint_parse((const uint8_t *)&address, sizeof(address));
}

Test(endpoint, takes_ipv4_written_as_ipv6_for_ipv4)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
	struct endpoint mapped = parse_inet6("::ffff:127.0.0.1", 80), native = parse_inet6("::1", 80);

	inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
	struct endpoint plain = endpoint_parse((const uint8_t *)&address, sizeof(address));
	cr_expect(endpoint_equal(&plain, &mapped));
	cr_expect(eq(u64, endpoint_hash(&plain), endpoint_hash(&mapped)));
	expect_text(&mapped, "127.0.0.1:80");
	expect_text(&native, "[::1]:80");
}

Test(endpoint, writes_abstract_names_with_an_at_sign)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, "\0bus", 4);
	struct endpoint endpoint =
		endpoint_parse((const uint8_t *)&address, offsetof(struct sockaddr_un, sun_path) + 4);
	expect_text(&endpoint, "@bus");
	cr_expect(endpoint_is_named(&endpoint));
	endpoint = endpoint_parse((const uint8_t *)&address, offsetof(struct sockaddr_un, sun_path));
	expect_text(&endpoint, "unnamed");
	cr_expect(not(endpoint_is_named(&endpoint)));
}

Test(endpoint, survives_addresses_of_every_length)
{
	uint8_t bytes[200];

	memset(bytes, 0xff, sizeof(bytes));
	for (uint16_t family = 0; family < 50; family++)
		for (size_t size = 0; size <= sizeof(bytes); size++) {
			char text[160];
			memcpy(bytes, &family, sizeof(family));
			struct endpoint endpoint = endpoint_parse(bytes, size);
			endpoint_print(&endpoint, false, text, sizeof(text));
			cr_assert(lt(sz, strlen(text), sizeof(text)));
		}
}
