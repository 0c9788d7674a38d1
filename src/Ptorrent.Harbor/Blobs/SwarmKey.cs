using Ptorrent.Link.Transports;
using Ptorrent.Model.Identity;

namespace Ptorrent.Harbor.Blobs;

/// <summary>One blob on one local network.</summary>
internal readonly record struct SwarmKey(Digest Blob, LocalNetwork Network);
