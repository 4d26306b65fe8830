//! Text that a terminal shows and does not obey.

use std::borrow::Cow;

/// The same text, in which every control character but a line break is replaced, since names in files
/// of others may hold what moves the cursor or renames a window. Colours stay.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text
        .chars()
        .any(|letter| letter.is_control() && letter != '\n')
    {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let taken = match letter {
            '\x1b' => colour(rest),
            _ => None,
        };
        if let Some(length) = taken {
            shown.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        let is_harmless = letter == '\n' || !letter.is_control();
        shown.push(if is_harmless {
            letter
        } else {
            char::REPLACEMENT_CHARACTER
        });
        rest = &rest[letter.len_utf8()..];
    }
    Cow::Owned(shown)
}

/// How long the sequence is that sets a colour at the beginning of a text, if there is one.
fn colour(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?;
    let end = parameters.find(|letter: char| !(letter.is_ascii_digit() || letter == ';'))?;
    parameters[end..]
        .starts_with('m')
        .then_some("\x1b[".len() + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_and_lines_stay_and_all_else_that_a_terminal_obeys_goes() {
        assert_eq!(harmless("plain\ntext"), "plain\ntext");
        assert_eq!(harmless("\x1b[1;31mred\x1b[0m\n"), "\x1b[1;31mred\x1b[0m\n");
        assert_eq!(
            harmless("a\x1b[2Jb\x1b]0;title\x07c\rd\u{9b}e"),
            "a\u{fffd}[2Jb\u{fffd}]0;title\u{fffd}c\u{fffd}d\u{fffd}e"
        );
        assert_eq!(harmless("\x1b"), "\u{fffd}");
    }
}
