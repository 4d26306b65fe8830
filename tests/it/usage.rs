//! Wrong use is told apart from failure, before anything else happens.

use crate::rig::program::Program;

#[test]
fn wrong_use_has_exit_code_2_and_prints_nothing_on_standard_output() {
    for arguments in [
        &["--no-such-flag"][..],
        &["--listen"],
        &["--listen", "localhost"],
        &["--listen", "127.0.0.1"],
        &["--listen", "127.0.0.1:65536"],
        &["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"],
        &["--workers", "0"],
        &["--workers", "-1"],
        &["--workers", "513"],
        &["--io", "magic"],
        &["--quit", "sometimes"],
        &["surplus"],
    ] {
        let ended = Program::start(arguments).end();
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
        assert_eq!(ended.stdout, [""; 0], "{arguments:?}");
        let text = ended.stderr.join("\n");
        let named = arguments.iter().any(|argument| text.contains(argument));
        assert!(named, "{arguments:?}: {text}");
    }
}

#[test]
fn help_and_version_go_to_standard_output_and_are_no_failure() {
    for flag in ["--help", "-h", "--version", "-V"] {
        let ended = Program::start(&[flag]).end();
        assert_eq!(ended.status.code(), Some(0), "{flag}");
        assert!(!ended.stdout.is_empty(), "{flag}");
        assert_eq!(ended.stderr, [""; 0], "{flag}");
    }
}
