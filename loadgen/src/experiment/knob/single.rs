//! A setting that is one file: a sysctl, a file below /sys or /proc, the processors of an interrupt.

use std::path::{Component, Path, PathBuf};

use super::kind::{Kind, Refusal, taken};
use super::root::{self, Root};
use super::shell;
use crate::environment::files;
use crate::host::Figure;

/// One file, or why it is none that may be set.
pub(super) struct Single {
    path: Figure<PathBuf>,
}

impl Single {
    /// The file of a sysctl.
    pub(super) fn sysctl(root: &Root, name: &str) -> Self {
        let path = sysctl_path(name).map(|path| root.at(path));
        Self { path }
    }

    /// A file below /sys or /proc, after all links.
    pub(super) fn file(root: &Root, path: &Path) -> Self {
        let path = root.resolved(path).and_then(|real| {
            is_setting(&real)?;
            Ok(root.at(real))
        });
        Self { path }
    }

    /// A file that is known to be one.
    pub(super) fn at(path: Figure<PathBuf>) -> Self {
        Self { path }
    }

    fn path(&self) -> Figure<&Path> {
        self.path.as_deref().map_err(Clone::clone)
    }
}

impl Kind for Single {
    fn read(&self) -> Figure<String> {
        root::read(self.path()?).map(chosen)
    }

    fn set(&self, value: &str) -> Result<(), Refusal> {
        root::write(self.path()?, value)?;
        taken(value, self.read()?)
    }

    fn may_change(&self) -> Figure<()> {
        root::may_write(self.path()?)
    }

    fn shell(&self, level: &str) -> Figure<String> {
        Ok(shell::echo(level, self.path()?))
    }
}

/// Of a file that lists what there is to choose from, the choice.
fn chosen(text: String) -> String {
    let is_list = text.matches('[').count() == 1 && text.matches(']').count() == 1;
    match files::chosen(&text) {
        Some(word) if is_list && !text.contains('\n') => word.to_owned(),
        _ => text,
    }
}

/// As `sysctl(8)` reads names: what separates their parts first does so throughout, and the other
/// sign stands for itself, as the dot of `net/ipv4/conf/eth0.1/forwarding`.
fn sysctl_path(name: &str) -> Figure<PathBuf> {
    let is_dotted = name
        .find(['.', '/'])
        .is_none_or(|at| name[at..].starts_with('.'));
    let swapped = |sign| match sign {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    let path: String = if is_dotted {
        name.chars().map(swapped).collect()
    } else {
        name.to_owned()
    };
    let mut parts = path.split('/');
    if parts.any(|part| part.is_empty() || part == "." || part == "..")
        || path.contains(char::is_control)
    {
        return Err(format!("{name:?} is no name of a sysctl"));
    }
    Ok(Path::new("/proc/sys").join(path))
}

/// Whether a file is one of the kernel's settings. What belongs to a process is none of the host, and
/// is another file to every process that looks.
fn is_setting(path: &Path) -> Figure<()> {
    let mut parts = path.components().skip(1).map(Component::as_os_str);
    let (first, second) = (parts.next(), parts.next());
    let of_process = second
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.parse::<u32>().is_ok());
    match first.and_then(|name| name.to_str()) {
        Some("sys") => Ok(()),
        Some("proc") if !of_process => Ok(()),
        Some("proc") => Err(format!(
            "{} belongs to a process and is no setting of the host",
            path.display()
        )),
        _ => Err(format!("{} is not below /sys or /proc", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sysctls_have_dots_or_slashes() {
        for (name, path) in [
            ("net.core.busy_poll", "/proc/sys/net/core/busy_poll"),
            ("net/core/busy_poll", "/proc/sys/net/core/busy_poll"),
            (
                "net/ipv4/conf/eth0.1/rp_filter",
                "/proc/sys/net/ipv4/conf/eth0.1/rp_filter",
            ),
            (
                "net.ipv4.conf.eth0/1.rp_filter",
                "/proc/sys/net/ipv4/conf/eth0.1/rp_filter",
            ),
        ] {
            assert_eq!(sysctl_path(name), Ok(PathBuf::from(path)), "{name}");
        }
    }

    #[test]
    fn no_name_leads_out_of_the_sysctls() {
        for name in [
            "",
            ".",
            "..",
            "net/../../../etc/passwd",
            "/etc/passwd",
            "net..core",
            "net.core.",
            "a\nb",
            "net.//.x",
        ] {
            assert!(
                sysctl_path(name).is_err(),
                "{name:?}: {:?}",
                sysctl_path(name)
            );
        }
    }

    #[test]
    fn a_file_is_a_setting_below_sys_and_proc_alone() {
        for path in [
            "/sys/kernel/mm/x",
            "/proc/sys/vm/swappiness",
            "/proc/irq/3/smp_affinity",
        ] {
            assert_eq!(is_setting(Path::new(path)), Ok(()), "{path}");
        }
        for path in ["/etc/passwd", "/proc/17/oom_score_adj", "/", "/tmp/sys/x"] {
            assert!(is_setting(Path::new(path)).is_err(), "{path}");
        }
    }

    #[test]
    fn of_a_list_of_choices_the_choice_is_the_value() {
        assert_eq!(chosen("always [madvise] never".to_owned()), "madvise");
        assert_eq!(chosen("[a] [b]".to_owned()), "[a] [b]");
        assert_eq!(chosen("4096\t1".to_owned()), "4096\t1");
    }
}
