//! Options from a file, as `@FILE` among the arguments: read anew at each start, so that a successor
//! may have others than the program that it takes over from.

use std::ffi::OsString;
use std::path::Path;

use crate::error::Error;
use crate::plain_file;

/// The arguments, with what stands in the files that they name.
///
/// # Errors
/// [`Error::File`] for a file that cannot be read.
pub fn expand(arguments: impl Iterator<Item = OsString>) -> Result<Vec<OsString>, Error> {
    let mut expanded = Vec::new();
    for argument in arguments {
        let name = argument.to_str().and_then(|text| text.strip_prefix('@'));
        let Some(name) = name else {
            expanded.push(argument);
            continue;
        };
        let text = plain_file::read("@FILE", Path::new(name))?;
        expanded.extend(options(&text).map(OsString::from));
    }
    Ok(expanded)
}

/// One option a line, with its value behind it; nothing in lines that are empty or begin with `#`.
fn options(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.flat_map(|line| match line.split_once(char::is_whitespace) {
        Some((option, value)) => vec![option, value.trim_start()],
        None => vec![line],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_option_with_its_value() {
        let text = "# ours\n--workers  4\n\n  --json\r\n--listen=127.0.0.1:0\n--fault drop=1%, x\n";
        let found: Vec<_> = options(text).collect();
        let wanted = [
            "--workers",
            "4",
            "--json",
            "--listen=127.0.0.1:0",
            "--fault",
            "drop=1%, x",
        ];
        assert_eq!(found, wanted);
    }

    #[test]
    fn arguments_stay_in_their_order_and_a_file_that_is_missing_is_named() {
        let plain = ["echo-reactor", "--json"].map(OsString::from);
        assert_eq!(expand(plain.clone().into_iter()).unwrap(), plain);
        let missing = ["echo-reactor", "@/no/such/file"].map(OsString::from);
        let error = expand(missing.into_iter()).unwrap_err().to_string();
        assert!(error.contains("/no/such/file"), "{error}");
        assert!(error.contains("@FILE"), "{error}");
    }
}
