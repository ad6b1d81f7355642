using System.Globalization;

namespace Standalone;

/// <summary>What the command line asks for.</summary>
internal sealed record CommandLine
{
    public const string Help = """
        A gateway without code: routes, clusters and policies come from one file.

        Usage: Standalone --config FILE [options]

          --config FILE               The configuration, JSON with comments. Its section "Gateway" holds routes, clusters and defaults; "Logging"
                                      works as in every ASP.NET Core app. Read again whenever it changes. Default: gateway.json.
          --urls LIST                 Where to listen, separated by semicolons. Default: http://localhost:8080.
                                        http://HOST:PORT   HTTP/1.1 and WebSockets
                                        h2c://HOST:PORT    HTTP/2 without TLS, with prior knowledge
                                        https://HOST:PORT  HTTP/2 and HTTP/1.1, whichever the client prefers
                                      HOST is an address, "localhost", or "*" for every address. Port 0 takes a free one.
          --certificate FILE          Certificate and chain for https, in PEM; or a PKCS #12 file that holds the key too.
          --certificate-key FILE      Its private key in PEM.
          --certificate-password-variable NAME
                                      The environment variable that holds the password of the key.
          --development-certificate   Makes a self-signed certificate for localhost in memory. Never for production.
          --readiness PATH            Answers 200 there, and 503 from the moment it is told to stop: for a balancer. Default: nothing.
          --environment NAME          The ASP.NET Core environment. Default: Production.
          --check                     Validates the configuration and exits.
          --print                     Prints what is in effect, route by route, and exits.
          --help                      Prints this and exits.

        Keys of consumers. Nothing is served or changed.
          --new-key CONSUMER          Makes an API key: prints it, once, and the lines for the configuration, which hold its hash. Exits.
          --application NAME          The key is of this application of the consumer.
          --scopes LIST               What it is granted, separated by commas. Default: what the consumer is.

        What if: recorded requests against the limits of the configuration, on the clock of the records. Nothing is served or sent.
          --replay FILE               Records, one JSON object a line; "-" is standard input, and a directory an audit journal. Several --replay are
                                      merged by time. Prints who would have been refused, when and how often, and exits. That a journal is
                                      read is recorded in it (audit.read).
          --as NAME                   The instance of the journal in which it is. Default: cli- and the name of the user.
          --unrecorded                Reads journals without a record: copies, or journals that must not be written to.
          --against FILE              Another configuration: compares what both make of each request.
          --served-only               Leaves out requests that a limit refused when they were recorded. Default: they are part of the demand.
          --top N                     How many keys of each limit are printed, 0 to 1000. Default: 10.
          --max-disorder SECONDS      How far records may be out of order, 0 to 3600. Default: 60.
          --redact                    Prints hashes in place of addresses and values of headers.
          --json                      Prints JSON in place of a table.

        Exit codes:
          0  Served until it was told to stop; or the configuration is fine; or the replay was done, whatever it says.
          1  A configuration cannot be used. Every error is on standard error.
          2  The command line cannot be used.
          3  It cannot listen at one of the addresses.
          4  Records cannot be read.
        """;

    public string Config { get; init; } = "gateway.json";

    public IReadOnlyList<Listener> Listeners { get; init; } = [];

    public string? Certificate { get; init; }

    public string? CertificateKey { get; init; }

    public string? CertificatePasswordVariable { get; init; }

    public bool DevelopmentCertificate { get; init; }

    public string? Readiness { get; init; }

    public bool Check { get; init; }

    public bool Print { get; init; }

    /// <summary>Whether the configuration is looked at and nothing served.</summary>
    public bool OnlyChecks => Check || Print;

    /// <summary>The files of records to replay.</summary>
    public IReadOnlyList<string> Replay { get; init; } = [];

    public string? Against { get; init; }

    public bool ServedOnly { get; init; }

    public int Top { get; init; } = 10;

    public int MaxDisorder { get; init; } = 60;

    public bool Redact { get; init; }

    public bool Json { get; init; }

    /// <summary>The instance of a journal in which it is recorded that it is read.</summary>
    public string? ReadAs { get; init; }

    public bool Unrecorded { get; init; }

    /// <summary>The consumer who gets a key.</summary>
    public string? NewKey { get; init; }

    public string? Application { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = [];

    public bool ShowHelp { get; init; }

    /// <summary>Arguments that belong to the ASP.NET Core host.</summary>
    public IReadOnlyList<string> HostArguments { get; init; } = [];

    /// <summary>What is wrong with the arguments. Empty if they can be used.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var (line, errors, host, urls) = (new CommandLine(), new List<string>(), new List<string>(), "http://localhost:8080");
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, inline) = Split(arguments[i]);
            switch (name)
            {
                case "--config":
                    line = line with { Config = Value() };
                    break;
                case "--urls":
                    urls = Value();
                    break;
                case "--certificate":
                    line = line with { Certificate = Value() };
                    break;
                case "--certificate-key":
                    line = line with { CertificateKey = Value() };
                    break;
                case "--certificate-password-variable":
                    line = line with { CertificatePasswordVariable = Value() };
                    break;
                case "--development-certificate":
                    line = line with { DevelopmentCertificate = Switch() };
                    break;
                case "--check":
                    line = line with { Check = Switch() };
                    break;
                case "--print":
                    line = line with { Print = Switch() };
                    break;
                case "--readiness":
                    line = line with { Readiness = Value() };
                    break;
                case "--replay":
                    line = line with { Replay = [.. line.Replay, Value()] };
                    break;
                case "--against":
                    line = line with { Against = Value() };
                    break;
                case "--served-only":
                    line = line with { ServedOnly = Switch() };
                    break;
                case "--top":
                    line = line with { Top = Number(most: 1_000) };
                    break;
                case "--max-disorder":
                    line = line with { MaxDisorder = Number(most: 3_600) };
                    break;
                case "--redact":
                    line = line with { Redact = Switch() };
                    break;
                case "--json":
                    line = line with { Json = Switch() };
                    break;
                case "--as":
                    line = line with { ReadAs = Value() };
                    break;
                case "--unrecorded":
                    line = line with { Unrecorded = Switch() };
                    break;
                case "--new-key":
                    line = line with { NewKey = Value() };
                    break;
                case "--application":
                    line = line with { Application = Value() };
                    break;
                case "--scopes":
                    line = line with { Scopes = Value().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) };
                    break;
                case "--help" or "-h" or "-?":
                    line = line with { ShowHelp = Switch() };
                    break;
                // A test host passes the last two.
                case "--environment" or "--contentRoot" or "--applicationName":
                    host.Add($"{name}={Value()}");
                    break;
                default:
                    errors.Add($"Unknown argument '{arguments[i]}'.");
                    break;
            }

            string Value()
            {
                if (inline is null && i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                {
                    inline = arguments[++i];
                }

                if (string.IsNullOrEmpty(inline))
                {
                    errors.Add($"{name} needs a value.");
                }

                return inline ?? string.Empty;
            }

            int Number(int most)
            {
                var text = Value();
                if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most)
                {
                    return number;
                }

                errors.Add($"{name} needs a number from 0 to {most}.");
                return 0;
            }

            bool Switch()
            {
                if (inline is not null)
                {
                    errors.Add($"{name} takes no value.");
                }

                return true;
            }
        }

        var listeners = Listener.ParseAll(urls, errors);
        if (listeners.Any(static listener => listener.IsTls) && line is { Certificate: null, DevelopmentCertificate: false })
        {
            errors.Add("An https address needs --certificate FILE, or --development-certificate on a developer's machine.");
        }

        if (line is { Certificate: not null, DevelopmentCertificate: true })
        {
            errors.Add("--certificate and --development-certificate exclude each other.");
        }

        if (line.Readiness is { Length: > 0 } readiness && readiness[0] != '/')
        {
            errors.Add("--readiness needs a path that begins with a slash, such as /readyz.");
        }

        if (line.Replay.Count == 0 && (line.Against is not null || line.ServedOnly || line.Redact || line.Json || line.ReadAs is not null || line.Unrecorded))
        {
            errors.Add("--against, --served-only, --redact, --json, --as and --unrecorded need --replay FILE.");
        }

        if (line.NewKey is null && (line.Application is not null || line.Scopes.Count > 0))
        {
            errors.Add("--application and --scopes need --new-key CONSUMER.");
        }

        if (line.Replay.Count(static file => file == "-") > 1)
        {
            errors.Add("--replay - can be there once.");
        }

        return line with { Listeners = listeners, HostArguments = host, Errors = errors };
    }

    private static (string Name, string? Value) Split(string argument) =>
        argument.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (argument[..at], argument[(at + 1)..]) : (argument, null);
}
