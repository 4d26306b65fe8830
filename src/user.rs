//! Another user than the one who started the program: named, looked up, become.

use std::fmt;
use std::io;
use std::str::FromStr;

use nix::unistd::{Gid, Group, Uid, User, geteuid, setgroups, setresgid, setresuid};

use crate::error::Error;
use crate::privileges;

/// A user as it was typed: `NAME` or `NAME:GROUP`, each a name or a number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserName {
    user: String,
    group: Option<String>,
}

/// A user and a group that exist, and are not root.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    name: UserName,
    uid: Uid,
    gid: Gid,
}

impl UserName {
    /// Looks both up, and makes sure that this process can become them.
    ///
    /// # Errors
    /// [`Error::Usage`] if there is no such user or group, if it is root, or if this process is not
    /// root.
    pub fn look_up(&self) -> Result<Identity, Error> {
        let (uid, own_group) = self.user()?;
        let gid = match &self.group {
            Some(group) => group_id(group)?,
            None => own_group.ok_or_else(|| {
                Error::Usage(format!(
                    "--user {self}: this host has no user of that number to tell its group; name one too, as in --user {self}:{self}"
                ))
            })?,
        };
        if uid.is_root() || gid.as_raw() == 0 {
            return Err(Error::Usage(format!(
                "--user {self} is root, or of its group, and would keep what root may do; name a user without privileges, as in --user nobody"
            )));
        }
        if !geteuid().is_root() {
            return Err(Error::Usage(format!(
                "--user {self} takes root to become another user; start the program as root, or leave --user out"
            )));
        }
        Ok(Identity {
            name: self.clone(),
            uid,
            gid,
        })
    }

    /// The number of the user, and that of its group if the host knows the user.
    fn user(&self) -> Result<(Uid, Option<Gid>), Error> {
        let number = number(&self.user)?.map(Uid::from_raw);
        let found = match number {
            Some(uid) => User::from_uid(uid),
            None => User::from_name(&self.user),
        };
        match (found.map_err(|errno| unreadable("user", errno))?, number) {
            (Some(user), _) => Ok((user.uid, Some(user.gid))),
            (None, Some(uid)) => Ok((uid, None)),
            (None, None) => Err(Error::Usage(format!(
                "--user {self}: this host has no user called '{}'; correct the name (`getent passwd` lists them)",
                self.user
            ))),
        }
    }
}

/// What is typed, if it is the number of somebody.
fn number(typed: &str) -> Result<Option<u32>, Error> {
    match typed.parse() {
        Ok(u32::MAX) => Err(Error::Usage(format!(
            "--user {typed} is the number that tells the kernel to leave things as they are; name a user without privileges, as in --user nobody"
        ))),
        number => Ok(number.ok()),
    }
}

fn group_id(group: &str) -> Result<Gid, Error> {
    if let Some(number) = number(group)? {
        return Ok(Gid::from_raw(number));
    }
    let found = Group::from_name(group).map_err(|errno| unreadable("group", errno))?;
    found.map(|group| group.gid).ok_or_else(|| {
        Error::Usage(format!(
            "--user: this host has no group called '{group}'; correct the name (`getent group` lists them)"
        ))
    })
}

fn unreadable(what: &'static str, errno: nix::errno::Errno) -> Error {
    Error::System {
        operation: match what {
            "user" => "look up the user (--user)",
            _ => "look up the group (--user)",
        },
        source: errno.into(),
    }
}

impl Identity {
    /// Becomes this user with this group and no other, for good: capabilities go too. Must be called
    /// before any thread is started, and after every socket is bound that needs a privilege.
    ///
    /// # Errors
    /// [`Error::System`] if the kernel refuses a step, or if another thread runs.
    pub fn assume(&self) -> Result<(), Error> {
        let steps = || -> io::Result<()> {
            privileges::sole_thread()?;
            setgroups(&[])?;
            setresgid(self.gid, self.gid, self.gid)?;
            setresuid(self.uid, self.uid, self.uid)?;
            privileges::give_up()
        };
        steps().map_err(|source| Error::System {
            operation: "become another user (--user)",
            source,
        })
    }
}

impl FromStr for UserName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (text, None),
        };
        let empty = user.is_empty() || group == Some("");
        if empty || group.is_some_and(|group| group.contains(':')) {
            return Err(
                "it is not a user, or a user and a group, as in nobody or 65534:65534".into(),
            );
        }
        Ok(Self {
            user: user.to_owned(),
            group: group.map(str::to_owned),
        })
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.user)?;
        match &self.group {
            Some(group) => write!(formatter, ":{group}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let name: UserName = text.parse().unwrap();
        let error = name.look_up().unwrap_err();
        assert_eq!(error.exit_code(), 2, "{error}");
        error.to_string()
    }

    #[test]
    fn a_user_reads_as_it_was_typed() {
        for text in ["nobody", "nobody:nogroup", "65534:65534"] {
            assert_eq!(text.parse::<UserName>().unwrap().to_string(), text);
        }
        for wrong in ["", ":", "nobody:", ":nogroup", "a:b:c"] {
            assert!(wrong.parse::<UserName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn root_is_refused_by_name_by_number_and_by_group() {
        for root in ["root", "0", "0:65534", "65534:0"] {
            assert!(refusal(root).contains("keep what root may do"), "{root}");
        }
    }

    #[test]
    fn what_the_kernel_takes_for_no_change_is_refused_however_it_is_written() {
        for unchanged in ["4294967295", "+4294967295", "65534:04294967295"] {
            assert!(
                refusal(unchanged).contains("leave things as they are"),
                "{unchanged}"
            );
        }
    }

    #[test]
    fn who_does_not_exist_is_named() {
        assert!(refusal("no-such-user").contains("no user called 'no-such-user'"));
        assert!(refusal("65534:no-such-group").contains("no group called 'no-such-group'"));
        assert!(refusal("123456789").contains("--user 123456789:123456789"));
    }
}
