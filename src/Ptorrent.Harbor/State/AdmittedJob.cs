using Ptorrent.Link.Frames;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;

namespace Ptorrent.Harbor.State;

/// <summary>A request that was found admissible, and what was made of it on the way.</summary>
/// <param name="Request">The request.</param>
/// <param name="Json">The request as <c>ModelJson</c> writes it.</param>
/// <param name="ContentDigest">Of <paramref name="Json"/>: the same request has the same.</param>
/// <param name="Description">What agents are told of it; fits into a frame together with the rest of a grant.</param>
internal sealed record AdmittedJob(
    JobRequest Request,
    ReadOnlyMemory<byte> Json,
    Digest ContentDigest,
    JobDescription Description);
