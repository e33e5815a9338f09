//! Git repositories on this machine.

use std::path::Path;

use git2::{Repository, RepositoryInitOptions, Signature, Time};

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
}
