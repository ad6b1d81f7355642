using System.Collections.Frozen;
using GatewayKit.WireTests.Http1.Cases;

namespace GatewayKit.WireTests.Http1;

/// <summary>All request cases by id.</summary>
internal static class RequestCases
{
    public static IReadOnlyDictionary<string, IReadOnlyList<RequestCase>> Tables { get; } = new Dictionary<string, IReadOnlyList<RequestCase>>
    {
        ["target"] = TargetCases.All,
    };

    public static FrozenDictionary<string, RequestCase> All { get; } =
        Tables.SelectMany(static table => table.Value.Select(request => KeyValuePair.Create($"{table.Key}: {request.Id}", request with { Id = $"{table.Key}: {request.Id}" }))).ToFrozenDictionary();
}
