//! Git repositories on this machine.

use std::path::Path;

use git2::{ObjectType, Repository, RepositoryInitOptions, Signature, Time};

/// Who made the first commit of a new repository. Fixed, so that the same content gives the same commit id anywhere.
const FIRST_AUTHOR: (&str, &str) = ("m3m", "m3m@localhost");
/// When the first commit of a new repository was made: 2025-01-01 00:00:00 UTC, in seconds.
const FIRST_TIME_S: i64 = 1_735_689_600;

/// Creates a repository with a work tree, one file in it and one commit, and returns that commit's id.
///
/// The id depends on the file's name and content alone.
///
/// # Errors
/// The directory cannot be written, or libgit2 refuses.
pub fn create(path: &Path, branch: &str, file: &str, content: &str) -> Result<String, git2::Error> {
    let mut options = RepositoryInitOptions::new();
    // The user's template may hold hooks, and hooks are not ours to install on a node.
    options.initial_head(branch).external_template(false).no_reinit(true);
    let repository = Repository::init_opts(path, &options)?;
    std::fs::write(path.join(file), content).map_err(|error| git2::Error::from_str(&error.to_string()))?;

    let mut index = repository.index()?;
    index.add_path(Path::new(file))?;
    index.write()?;
    let tree = repository.find_tree(index.write_tree()?)?;
    let author = Signature::new(FIRST_AUTHOR.0, FIRST_AUTHOR.1, &Time::new(FIRST_TIME_S, 0))?;
    let id = repository.commit(Some("HEAD"), &author, &author, "The first commit\n", &tree, &[])?;
    Ok(id.to_string())
}

/// Sets values in the configuration of a repository.
///
/// # Errors
/// There is no repository, or its configuration cannot be written.
pub fn configure(path: &Path, values: &[(&str, &str)]) -> Result<(), git2::Error> {
    let mut config = Repository::open(path)?.config()?.open_level(git2::ConfigLevel::Local)?;
    values.iter().try_for_each(|(key, value)| config.set_str(key, value))
}

/// Writes a commit whose tree has one file and puts a new ref on it. `head` is the commit's text behind the line of its
/// tree, taken as it is: the same bytes give the same id, whoever writes them.
///
/// # Errors
/// There is no repository, it has that ref already, or it cannot be written.
pub fn put(path: &Path, reference: &str, file: &str, content: &str, head: &str) -> Result<String, git2::Error> {
    const PLAIN_FILE: i32 = 0o100_644;
    let repository = Repository::open(path)?;
    let mut tree = repository.treebuilder(None)?;
    tree.insert(file, repository.blob(content.as_bytes())?, PLAIN_FILE)?;
    let text = format!("tree {}\n{head}", tree.write()?);
    let id = repository.odb()?.write(ObjectType::Commit, text.as_bytes())?;
    repository.reference(reference, id, false, "")?;
    Ok(id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_gives_the_same_commit_and_a_clean_work_tree() {
        let dir = tempfile::tempdir().unwrap();
        let create = |name: &str, text| create(&dir.path().join(name), "main", "README", text).unwrap();
        let first = create("a", "text\n");
        assert_eq!(first, create("b", "text\n"));
        assert_ne!(first, create("c", "another text\n"));

        let repository = Repository::open(dir.path().join("a")).unwrap();
        assert_eq!(repository.head().unwrap().name().unwrap(), "refs/heads/main");
        assert_eq!(repository.statuses(None).unwrap().len(), 0);
    }

    #[test]
    fn an_existing_repository_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path(), "main", "README", "one\n").unwrap();
        assert!(create(dir.path(), "main", "README", "two\n").is_err());
        assert_eq!(std::fs::read_to_string(dir.path().join("README")).unwrap(), "one\n");
    }

    #[test]
    fn a_ref_is_put_once_and_a_value_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        create(dir.path(), "main", "README", "one\n").unwrap();
        let head = "author a <b> 7 +0000\ncommitter a <b> 7 +0000\n\nsubject\n";
        let put = || put(dir.path(), "refs/x/y", "file", "content\n", head);
        let id = put().unwrap();
        assert!(put().is_err(), "it is there");
        configure(dir.path(), &[("a.b", "c d")]).unwrap();

        let repository = Repository::open(dir.path()).unwrap();
        assert_eq!(repository.refname_to_id("refs/x/y").unwrap().to_string(), id);
        let commit = repository.find_commit(id.parse().unwrap()).unwrap();
        let text = format!("{}\n{}", commit.raw_header().unwrap(), commit.message_raw().unwrap());
        assert_eq!(text, format!("tree {}\n{head}", commit.tree_id()));
        assert_eq!(repository.config().unwrap().get_string("a.b").unwrap(), "c d");
        assert_eq!(repository.statuses(None).unwrap().len(), 0);
    }
}
