using Ptorrent.Harbor.State;

namespace Ptorrent.Harbor;

/// <summary>Where a job's product stands.</summary>
/// <param name="Version">Rises with every change.</param>
/// <param name="PrefixEnd">Every index below is durable.</param>
/// <param name="Product">Whether it is whole or will never be.</param>
/// <param name="IsForgotten">Whether the database tells of the job from now on.</param>
internal readonly record struct JobFeedView(long Version, long PrefixEnd, ProductState Product, bool IsForgotten);
