"""Where bytes come from: files, folders, standard input; as chunks of lines or whole documents."""
