using Ptorrent.Model.Identity;
using Ptorrent.Model.Units;

namespace Ptorrent.Model.Jobs;

/// <summary>What one agent did for a job.</summary>
/// <param name="Agent">Which agent.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Indices">Indices whose stored output came from it.</param>
/// <param name="Burnt">Fuel it burnt for them.</param>
public sealed record Contribution(AgentId Agent, string Name, long Indices, Fuel Burnt);
