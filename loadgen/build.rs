//! Notes what the program is built from: `environment::build` tells it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    // Whatever changes the program may change whether it is what was committed.
    for source in SOURCES.iter().filter(|source| Path::new(source).exists()) {
        println!("cargo::rerun-if-changed={source}");
    }
    note("COMMIT", commit().as_deref().unwrap_or("unknown"));
    let compiler = env::var("RUSTC").unwrap_or_else(|_none| "rustc".to_owned());
    let version = said(Command::new(compiler).arg("--version"));
    note("RUSTC", version.as_deref().unwrap_or("unknown"));
    for (name, source) in [
        ("TARGET", "TARGET"),
        ("PROFILE", "PROFILE"),
        ("OPTIMISATION", "OPT_LEVEL"),
        ("FEATURES", "CARGO_CFG_TARGET_FEATURE"),
    ] {
        note(name, &env::var(source).unwrap_or_default());
    }
}

fn note(name: &str, value: &str) {
    println!("cargo::rustc-env=LOADGEN_{name}={value}");
}

/// The commit that is checked out, with `-dirty` if sources differ from it; `None` where the sources
/// are not those of a checkout of their own.
fn commit() -> Option<String> {
    let root = fs::canonicalize("..").ok()?;
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?);
    // An unpacked package may lie inside of another project's checkout.
    if fs::canonicalize(top).ok()? != root {
        return None;
    }
    let commit = git(&["rev-parse", "HEAD"])?;
    watch("HEAD");
    if let Some(branch) = git(&["symbolic-ref", "--quiet", "HEAD"]) {
        watch(&branch);
    }
    watch("packed-refs");
    // A branch whose file has been packed away gets a new one with the next commit.
    watch("logs/HEAD");
    let mut status = vec!["status", "--porcelain", "--untracked-files=no", "--"];
    status.extend(SOURCES);
    let changed = git(&status)?;
    let mark = if changed.is_empty() { "" } else { "-dirty" };
    Some(format!("{commit}{mark}"))
}

/// Has this run again when a file of the repository changes, if there is one.
fn watch(name: &str) {
    let path = git(&["rev-parse", "--git-path", name]);
    if let Some(path) = path.filter(|path| Path::new(path).exists()) {
        println!("cargo::rerun-if-changed={path}");
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    said(
        Command::new("git")
            .arg("--no-optional-locks")
            .args(arguments),
    )
}

/// What a program that ends well prints.
fn said(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}

/// What the program is made of, its server among it.
const SOURCES: [&str; 6] = [
    "build.rs",
    "Cargo.toml",
    "src",
    "../Cargo.lock",
    "../Cargo.toml",
    "../src",
];
