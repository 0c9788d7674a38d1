using Ptorrent.Cli.CommandLine;

return await PtorrentCommand.RunAsync(args);
