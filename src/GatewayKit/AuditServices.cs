using System.Diagnostics;
using GatewayKit.Admin;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Bodies;
using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Journal;
using GatewayKit.Auditing.Personal;
using GatewayKit.Auditing.Reading;
using GatewayKit.Auditing.Shipping;
using GatewayKit.Configuration;
using GatewayKit.Routing;
using GatewayKit.Secrets;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GatewayKit;

/// <summary>What auditing needs of a host.</summary>
internal static class AuditServices
{
    public static void AddTo(IServiceCollection services)
    {
        if (services.Any(static service => service.ServiceType == typeof(AuditTrail)))
        {
            return;
        }

        services.AddSingleton<JournalMetrics>();
        services.AddSingleton(static provider =>
        {
            // What a journal needs until its end is there before it, and so is disposed after it.
            _ = (provider.GetRequiredService<JournalMetrics>(), provider.GetService<IAuditSigner>(), provider.GetServices<IAuditAnchor>());
            var current = provider.GetRequiredService<CurrentSnapshot>();
            return new AuditTrail(OptionsOf(provider), provider.GetRequiredService<TimeProvider>(), () => current.Value.Revision);
        });
        services.TryAddSingleton(static provider => new AuditLog(
            OptionsOf(provider).Directory, OptionsOf(provider).AlternateDirectory, new ReadRecorder(
                () => provider.GetRequiredService<AuditTrail>().Journal, null, () => provider.GetRequiredService<AuditTrail>().Personal is { Epoch: null } personal && !personal.Hides(PersonalField.Consumer))));
        services.AddSingleton<ShippingMetrics>();
        services.AddSingleton(static provider => new AuditShippers(
            provider.GetServices<AuditSinkRegistration>(),
            provider,
            instance => new(OptionsOf(provider).Directory, OptionsOf(provider).AlternateDirectory, instance),
            provider.GetRequiredService<ShippingMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AuditShippers>>()));
        services.AddSingleton(static provider => new DataKeys(
            provider.GetService<IAuditKeyStore>() ?? new FileAuditKeyStore(KeyDirectoryOf(provider)), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<AuditJournal>>()));
        services.TryAddSingleton(static provider => new AuditCustody(
            () => provider.GetRequiredService<AuditTrail>().Journal,
            () => provider.GetRequiredService<AuditTrail>().Personal,
            RootsOf(provider),
            OptionsOf(provider).RetainFor,
            [.. provider.GetServices<IAuditSegmentGuard>(), new ShippedSegments(provider.GetRequiredService<AuditShippers>())],
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AuditCustody>>(),
            provider.GetRequiredService<ClockWatch>()));
        services.AddSingleton(static provider => new ClockWatch(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IHostedService>(static provider =>
        {
            // From the start on, and not from when somebody asks for the first time.
            _ = provider.GetRequiredService<ClockWatch>();
            return new RetentionSchedule(
                provider.GetRequiredService<AuditTrail>(), provider.GetRequiredService<AuditCustody>, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<AuditCustody>>());
        });
        services.AddSingleton<IValidateOptions<AuditPolicy>>(static provider => new BodyEncryption(() => OptionsOf(provider).Personal is { Encrypted.Count: > 0 }));
        services.AddSingleton<IValidateOptions<AuditPolicy>>(static provider => new StrictDemand(() => provider.GetRequiredService<AuditTrail>().Journal?.Unsettled));
        services.AddSingleton<ServerRejections>();
        services.AddSingleton<AuditedChanges>();
        services.AddSingleton<IGatewayAdminObserver>(static provider => provider.GetRequiredService<AuditedChanges>());
        services.AddSingleton(static provider => new AuditLifecycle(
            provider.GetRequiredService<AuditTrail>(),
            isStrict => provider.GetService<CheckedStart>() is null ? Open(provider, isStrict) : Check(provider, isStrict),
            () => OptionsOf(provider).Personal is { } options ? PersonalData.Open(options, provider.GetRequiredService<SecretReader>(), provider.GetRequiredService<DataKeys>) : PersonalData.Plain,
            provider.GetRequiredService<AuditShippers>(),
            provider.GetRequiredService<ServerRejections>(),
            provider.GetRequiredService<AuditedChanges>(),
            provider.GetRequiredService<GatewayConfigurator>(),
            provider.GetRequiredService<GatewayOptionsChecks>(),
            provider.GetRequiredService<ILogger<AuditTrail>>(),
            provider.GetRequiredService<IOptions<GatewayOptions>>().Value.Journal is not null,
            provider.GetService<DiagnosticListener>()));
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<AuditLifecycle>());

        // The first one is the outermost one (B5): whatever refuses is recorded.
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, AuditHook>());
    }

    private static IEnumerable<string> RootsOf(IServiceProvider provider)
    {
        var options = OptionsOf(provider);
        return JournalPaths.Roots(options.Directory, options.AlternateDirectory);
    }

    // What they name is in the content root, wherever the process was started. A replay has no host, and opens nothing.
    private static JournalOptions OptionsOf(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<GatewayOptions>>().Value.Journal ?? new();
        return options.In(provider.GetService<IHostEnvironment>()?.ContentRootPath ?? string.Empty);
    }

    private static string KeyDirectoryOf(IServiceProvider provider)
    {
        var directory = Path.GetFullPath(Path.Combine(provider.GetRequiredService<IHostEnvironment>().ContentRootPath, (OptionsOf(provider).Personal ?? new()).KeyDirectory));
        foreach (var journal in RootsOf(provider))
        {
            var path = Path.GetRelativePath(Path.GetFullPath(journal), directory);
            if (!path.StartsWith("..", StringComparison.Ordinal) && !Path.IsPathRooted(path))
            {
                throw new InvalidDataException($"KeyDirectory is '{directory}', inside the journal's own: whoever has a copy of the journal would have the keys too. Name another directory.");
            }
        }

        return directory;
    }

    private static AuditJournal Open(IServiceProvider provider, bool isStrict)
    {
        var options = OptionsOf(provider);
        var journal = AuditJournal.Open(options.Directory, options, PartsOf(provider, options), isStrict);
        try
        {
            RequiredCopies.Write(
                new BootFolders(options.Directory, options.AlternateDirectory, journal.Instance).Shipping,
                provider.GetServices<AuditSinkRegistration>().Where(static sink => sink.Options.IsRequired).Select(static sink => sink.Name),
                provider.GetServices<IAuditSegmentGuard>().Select(static guard => guard.GetType()));
        }
        catch
        {
            // Nobody else knows it yet, and a reload that tries again needs its folder.
            journal.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }

        provider.GetRequiredService<JournalMetrics>().Observe(journal);
        return journal;
    }

    private static AuditJournal? Check(IServiceProvider provider, bool isStrict)
    {
        var options = OptionsOf(provider);
        AuditJournal.Check(options.Directory, options, PartsOf(provider, options), isStrict);
        return null;
    }

    private static JournalParts PartsOf(IServiceProvider provider, JournalOptions options)
    {
        var logger = provider.GetRequiredService<ILogger<AuditJournal>>();
        return new(JournalFiles.Instance, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<JournalMetrics>(), logger)
        {
            Signer = provider.GetService<IAuditSigner>(),
            Anchors = [.. provider.GetServices<IAuditAnchor>(), .. options.LogCheckpoints ? [new LogAuditAnchor(logger)] : Array.Empty<IAuditAnchor>()],
        };
    }
}
