using System.CommandLine;
using GatewayKit.Auditing.Reading;

namespace GatewayKit.Cli.Audit;

/// <summary>Which accesses are asked for.</summary>
internal sealed class QueryOptions
{
    private const string StandardInput = "-";

    private readonly Option<DateTimeOffset?> _from = Values.Time("--from", "The earliest time at which a request began: 2026-03-01, or 2026-03-01T12:00:00Z.");
    private readonly Option<DateTimeOffset?> _to = Values.Time("--to", "The time before which it began.");
    private readonly Option<string?> _consumer = new("--consumer") { Description = "The id of the consumer; \"-\" reads it from standard input, so that no shell keeps it. Where records have pseudonyms or encrypt it, it takes the keys: --config or --data-keys." };
    private readonly Option<string?> _route = new("--route") { Description = "The id of the route." };
    private readonly Option<string?> _outcome = Values.Word(
        "--outcome", "How it ended, unknown if it has no end:", otherwise: null, "ok", "denied", "throttled", "unmatched", "upstream_error", "timeout", "truncated", "client_aborted", "error", "unknown");
    private readonly Option<string?> _request = new("--request") { Description = "The id of the request." };
    private readonly Option<string?> _tenant = new("--tenant") { Description = "The tenant." };
    private readonly Option<string?> _instance = new("--instance") { Description = "The instance." };
    private readonly Option<bool> _events = new("--events") { Description = "Tells events of the journal too." };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_from, _to, _consumer, _route, _outcome, _request, _tenant, _instance, _events])
        {
            command.Options.Add(option);
        }
    }

    public async Task<AuditQuery> ReadAsync(ParseResult parsed, CancellationToken cancellationToken) => new()
    {
        From = parsed.GetValue(_from),
        To = parsed.GetValue(_to),
        Consumer = parsed.GetValue(_consumer) is StandardInput ? await Person.ReadAsync(cancellationToken).ConfigureAwait(false) : parsed.GetValue(_consumer),
        Route = parsed.GetValue(_route),
        Outcome = parsed.GetValue(_outcome),
        RequestId = parsed.GetValue(_request),
        Tenant = parsed.GetValue(_tenant),
        Instance = parsed.GetValue(_instance),
        IncludeEvents = parsed.GetValue(_events),
    };
}
