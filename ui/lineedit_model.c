/**
 * @file ui/lineedit_model.c  One line that is typed into
 */
#include <string.h>
#include "ui/lineedit_model.h"
#include "ui/text.h"


void lineedit_set(struct lineedit *le, const char *text)
{
	text_clean(le->text, sizeof(le->text), text, false);
	le->pos = strlen(le->text);
}


bool lineedit_insert(struct lineedit *le, const char *text)
{
	const size_t len = strlen(le->text), n = strlen(text);

	if (len + n >= sizeof(le->text))
		return false;

	memmove(le->text + le->pos + n, le->text + le->pos,
		len - le->pos + 1);
	memcpy(le->text + le->pos, text, n);
	le->pos += n;

	return true;
}


/** Start of the character that ends at `pos` */
static size_t before(const char *text, size_t pos)
{
	char g[TEXT_GRAPHEME_SZ];
	size_t i = 0, n;
	int w;

	while ((n = text_next(g, &w, text + i)) && i + n < pos)
		i += n;

	return i;
}


static size_t after(const char *text, size_t pos)
{
	char g[TEXT_GRAPHEME_SZ];
	int w;

	return pos + text_next(g, &w, text + pos);
}


static void cut(struct lineedit *le, size_t from, size_t to)
{
	memmove(le->text + from, le->text + to, strlen(le->text + to) + 1);
	le->pos = from;
}


static size_t word_before(const char *text, size_t pos)
{
	while (pos && text[pos - 1] == ' ')
		--pos;
	while (pos && text[pos - 1] != ' ')
		--pos;

	return pos;
}


static bool control(struct lineedit *le, uint32_t c)
{
	switch (c) {

	case 'a': le->pos = 0;                                       break;
	case 'e': le->pos = strlen(le->text);                        break;
	case 'b': le->pos = before(le->text, le->pos);               break;
	case 'f': le->pos = after(le->text, le->pos);                break;
	case 'd': cut(le, le->pos, after(le->text, le->pos));        break;
	case 'k': le->text[le->pos] = '\0';                          break;
	case 'u': cut(le, 0, le->pos);                               break;
	case 'w': cut(le, word_before(le->text, le->pos), le->pos);  break;
	default:
		return false;
	}

	return true;
}


bool lineedit_key(struct lineedit *le, const struct key *key)
{
	char enc[5];

	switch (key->code) {

	case KEYIN_LEFT:      return control(le, 'b');
	case KEYIN_RIGHT:     return control(le, 'f');
	case KEYIN_HOME:      return control(le, 'a');
	case KEYIN_END:       return control(le, 'e');
	case KEYIN_DELETE:    return control(le, 'd');
	case KEYIN_BACKSPACE:
		cut(le, before(le->text, le->pos), le->pos);
		return true;
	case KEYIN_PASTE:
		lineedit_insert(le, key->text);
		return true;
	default:
		break;
	}

	if (key->code >= KEYIN_NONE || key->mods & KEYIN_ALT)
		return false;
	if (key->mods & KEYIN_CTRL)
		return control(le, key->code);
	if (text_cp_width(key->code) < 0)
		return false;

	enc[text_encode(enc, key->code)] = '\0';
	lineedit_insert(le, enc);

	return true;
}


void history_add(struct history *hist, const char *line)
{
	size_t i;

	history_rewind(hist);

	if (!*line || (hist->linec && !strcmp(hist->linev[0], line)))
		return;

	if (hist->linec < LINEEDIT_HISTORY)
		++hist->linec;
	for (i = hist->linec - 1; i; i--)
		memcpy(hist->linev[i], hist->linev[i - 1], LINEEDIT_SZ);

	text_print(hist->linev[0], LINEEDIT_SZ, "%s", line);
}


void history_move(struct history *hist, struct lineedit *le, int step)
{
	if (step > 0 ? hist->at >= hist->linec : !hist->at)
		return;

	if (!hist->at)
		memcpy(hist->own, le->text, sizeof(hist->own));

	if (step > 0)
		++hist->at;
	else
		--hist->at;

	lineedit_set(le, hist->at ? hist->linev[hist->at - 1] : hist->own);
}


void history_rewind(struct history *hist)
{
	hist->at = 0;
}
