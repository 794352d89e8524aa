// SPDX-License-Identifier: MIT
/*
 * Heads of packets: RFC 791 (IPv4), RFC 8200 (IPv6), RFC 9293 (TCP), RFC 768 (UDP), RFC 1071 (the checksum).
 */
#include "reader/packet.h"

#include <netinet/in.h>
#include <string.h>

#define IP4_SIZE     20u
#define IP6_SIZE     40u
#define TCP_SIZE     20u
#define UDP_SIZE     8u
#define HOPS	     64
#define WINDOW_SHIFT 14
#define LENGTH_MAX   65535u

static void put16(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value);
}

/* Adds 16-bit words; an odd byte counts as the upper half of one. */
static uint64_t sum_words(uint64_t sum, const uint8_t *bytes, size_t size)
{
	for (; size >= 2; bytes += 2, size -= 2)
		sum += (uint32_t)bytes[0] << 8 | bytes[1];
	return size ? sum + ((uint32_t)bytes[0] << 8) : sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t put_ip4(uint8_t *head, const struct packet *packet, size_t size)
{
	size_t total = IP4_SIZE + size;

	memset(head, 0, IP4_SIZE);
	head[0] = 0x45;
	put16(head + 2, total > LENGTH_MAX ? LENGTH_MAX : (uint32_t)total);
	head[6] = 0x40; /* not to be cut */
	head[8] = HOPS;
	head[9] = packet->is_udp ? IPPROTO_UDP : IPPROTO_TCP;
	memcpy(head + 12, packet->from.ip, 4);
	memcpy(head + 16, packet->to.ip, 4);
	put16(head + 10, fold(sum_words(0, head, IP4_SIZE)));
	return IP4_SIZE;
}

static size_t put_ip6(uint8_t *head, const struct packet *packet, size_t size)
{
	memset(head, 0, IP6_SIZE);
	head[0] = 0x60;
	put16(head + 4, size > LENGTH_MAX ? LENGTH_MAX : (uint32_t)size);
	head[6] = packet->is_udp ? IPPROTO_UDP : IPPROTO_TCP;
	head[7] = HOPS;
	memcpy(head + 8, packet->from.ip, 16);
	memcpy(head + 24, packet->to.ip, 16);
	return IP6_SIZE;
}

static size_t put_tcp(uint8_t *head, const struct packet *packet)
{
	/* the longest segment; one byte to fill up; the shift of the window */
	static const uint8_t options[] = {2, 4,		  PACKET_SEGMENT_MAX >> 8, PACKET_SEGMENT_MAX & 0xff, 1, 3,
					  3, WINDOW_SHIFT};
	size_t size = TCP_SIZE;

	memset(head, 0, TCP_SIZE);
	put16(head, packet->from.port);
	put16(head + 2, packet->to.port);
	put32(head + 4, packet->sequence);
	put32(head + 8, packet->flags & PACKET_ACK ? packet->acknowledged : 0);
	head[13] = packet->flags;
	put16(head + 14, LENGTH_MAX);
	if (packet->flags & PACKET_SYN) {
		memcpy(head + size, options, sizeof(options));
		size += sizeof(options);
	}
	head[12] = (uint8_t)(size / 4 << 4);
	return size;
}

static size_t put_udp(uint8_t *head, const struct packet *packet, size_t size)
{
	size_t total = UDP_SIZE + size;

	memset(head, 0, UDP_SIZE);
	put16(head, packet->from.port);
	put16(head + 2, packet->to.port);
	put16(head + 4, total > LENGTH_MAX ? LENGTH_MAX : (uint32_t)total);
	return UDP_SIZE;
}

/* Over the addresses, the protocol and the length, then the head and what it carries. */
static uint16_t checksum(const struct packet *packet, const uint8_t *head, size_t head_size, const uint8_t *payload,
			 size_t size)
{
	size_t address = packet->is_v6 ? 16 : 4, total = head_size + size;
	uint64_t sum = packet->is_udp ? IPPROTO_UDP : IPPROTO_TCP;
	uint16_t checked;

	sum += (total >> 16) + (total & 0xffff);
	sum = sum_words(sum, packet->from.ip, address);
	sum = sum_words(sum, packet->to.ip, address);
	sum = sum_words(sum, head, head_size);
	checked = fold(sum_words(sum, payload, size));
	return packet->is_udp && !checked ? 0xffff : checked;
}

size_t packet_head(uint8_t *head, const struct packet *packet, const uint8_t *payload, size_t kept, size_t size)
{
	size_t ip_size = packet->is_v6 ? IP6_SIZE : IP4_SIZE, inner_size;
	uint8_t *inner = head + ip_size;
	/* None, as far as there is such a thing: of UDP over IPv6 there must be one (RFC 8200), and any may be it. */
	uint16_t checked = packet->is_udp && packet->is_v6 ? 0xffff : 0;

	inner_size = packet->is_udp ? put_udp(inner, packet, size) : put_tcp(inner, packet);
	if (packet->is_v6)
		put_ip6(head, packet, inner_size + size);
	else
		put_ip4(head, packet, inner_size + size);
	if (kept == size)
		checked = checksum(packet, inner, inner_size, payload, size);
	put16(inner + (packet->is_udp ? 6 : 16), checked);
	return ip_size + inner_size;
}
