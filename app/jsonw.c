/**
 * @file app/jsonw.c  JSON, written straight to a print handler
 */
#include <string.h>
#include <re.h>
#include "app/jsonw.h"
#include "app/text_model.h"


void jsonw_init(struct jsonw *js, struct re_printf *pf)
{
	js->pf    = pf;
	js->comma = false;
	js->err   = pf ? 0 : EINVAL;
}


int jsonw_text(struct re_printf *pf, const char *str)
{
	size_t len, plain = 0, i, n;
	int err = 0;

	if (!pf)
		return EINVAL;

	len = str_len(str);

	for (i = 0; i < len && !err; i += n) {

		uint32_t cp = 0;

		n = uchar_decode(&cp, str + i, len - i);
		if (n && !uchar_control(cp) && cp != '"' && cp != '\\' &&
		    cp != 0x2028 && cp != 0x2029)
			continue;

		if (i > plain)
			err = pf->vph(str + plain, i - plain, pf->arg);

		if (!err) {
			if (!n)
				err = re_hprintf(pf, "\xef\xbf\xbd");
			else if (cp == '"' || cp == '\\')
				err = re_hprintf(pf, "\\%c", (int)cp);
			else if (cp == '\n')
				err = re_hprintf(pf, "\\n");
			else if (cp == '\t')
				err = re_hprintf(pf, "\\t");
			else
				err = re_hprintf(pf, "\\u%04x", cp);
		}

		if (!n)
			n = 1;
		plain = i + n;
	}

	if (!err && len > plain)
		err = pf->vph(str + plain, len - plain, pf->arg);

	return err;
}


static void begin(struct jsonw *js, const char *name)
{
	if (js->err)
		return;

	if (js->comma)
		js->err = js->pf->vph(",", 1, js->pf->arg);

	if (!js->err && name)
		js->err = re_hprintf(js->pf, "\"%H\":", jsonw_text, name);

	js->comma = true;
}


void jsonw_open(struct jsonw *js, const char *name, char bracket)
{
	begin(js, name);

	if (!js->err)
		js->err = js->pf->vph(&bracket, 1, js->pf->arg);

	js->comma = false;
}


void jsonw_close(struct jsonw *js, char bracket)
{
	if (!js->err)
		js->err = js->pf->vph(&bracket, 1, js->pf->arg);

	js->comma = true;
}


void jsonw_str(struct jsonw *js, const char *name, const char *str)
{
	begin(js, name);

	if (!js->err)
		js->err = re_hprintf(js->pf, "\"%H\"", jsonw_text, str);
}


void jsonw_int(struct jsonw *js, const char *name, int64_t num)
{
	begin(js, name);

	if (!js->err)
		js->err = re_hprintf(js->pf, "%lld", num);
}


void jsonw_bool(struct jsonw *js, const char *name, bool val)
{
	begin(js, name);

	if (!js->err)
		js->err = re_hprintf(js->pf, "%s", val ? "true" : "false");
}


void jsonw_null(struct jsonw *js, const char *name)
{
	begin(js, name);

	if (!js->err)
		js->err = re_hprintf(js->pf, "null");
}
