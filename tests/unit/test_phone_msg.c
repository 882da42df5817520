/**
 * @file tests/unit/test_phone_msg.c  Whose server a message comes from
 */
#include "../lib/test.h"
#include "app/phone_int.h"


static void server(struct acct *acct, const char *addr, enum sip_transp tp)
{
	memset(acct, 0, sizeof(*acct));
	acct->server_tp = tp;
	acct->server_known = addr != NULL;
	if (addr)
		assert_int_equal(0, sa_set_str(&acct->server, addr, 5060));
}


static void test_server(void **state)
{
	struct acct acctv[4];
	struct phone phone = {.acctc = 4};
	static const struct {
		const char *src;
		enum sip_transp tp;
		bool any;
		bool ofv[4];     /* the server of which account         */
	} rowv[] = {
		{"192.0.2.1",   SIP_TRANSP_UDP, false, {1, 0, 0, 0}},
		{"192.0.2.1",   SIP_TRANSP_TCP, false, {1, 0, 0, 0}},
		{"192.0.2.1",   SIP_TRANSP_TLS, false, {1, 0, 0, 0}},

		/* whoever can send a datagram can forge its source */
		{"192.0.2.2",   SIP_TRANSP_UDP, false, {0, 0, 0, 0}},
		{"192.0.2.2",   SIP_TRANSP_TCP, false, {0, 1, 0, 0}},
		{"192.0.2.2",   SIP_TRANSP_TLS, false, {0, 1, 0, 0}},
		{"2001:db8::3", SIP_TRANSP_UDP, false, {0, 0, 0, 0}},
		{"2001:db8::3", SIP_TRANSP_TCP, false, {0, 0, 0, 0}},
		{"2001:db8::3", SIP_TRANSP_TLS, false, {0, 0, 1, 0}},

		{"192.0.2.9",   SIP_TRANSP_TLS, false, {0, 0, 0, 0}},
		{"192.0.2.9",   SIP_TRANSP_UDP, true,  {1, 1, 1, 1}},
	};
	(void)state;

	server(&acctv[0], "192.0.2.1", SIP_TRANSP_UDP);
	server(&acctv[1], "192.0.2.2", SIP_TRANSP_TCP);
	server(&acctv[2], "2001:db8::3", SIP_TRANSP_TLS);
	server(&acctv[3], NULL, SIP_TRANSP_UDP);       /* not registered */
	for (size_t i = 0; i < 4; i++)
		phone.acctv[i] = &acctv[i];

	for (size_t i = 0; i < ROWS(rowv); i++) {

		struct sip_msg msg = {.req = true, .tp = rowv[i].tp};
		bool any = false;

		assert_int_equal(0, sa_set_str(&msg.src, rowv[i].src, 40000));
		phone.requests_any = rowv[i].any;

		for (unsigned k = 0; k < 4; k++) {
			row_bool(i, rowv[i].ofv[k],
				 phone_server_account(&phone, k, &msg));
			row_bool(i, rowv[i].ofv[k] && !rowv[i].any,
				 phone_server_proven(&phone, k, &msg));
			any = any || rowv[i].ofv[k];
		}
		row_bool(i, any, phone_from_server(&phone, &msg));
		row_false(i, phone_server_account(&phone, 4, &msg));
		row_false(i, phone_server_proven(&phone, 4, &msg));
	}
}


int main(void)
{
	const struct CMUnitTest testv[] = {
		unit_test(test_server),
	};

	return cmocka_run_group_tests(testv, NULL, NULL);
}
