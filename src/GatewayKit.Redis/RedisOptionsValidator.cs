using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GatewayKit.Redis;

/// <summary>What attributes can say.</summary>
[OptionsValidator]
internal sealed partial class RedisOptionsValidator : IValidateOptions<RedisOptions>;

/// <summary>Times, and where Redis is.</summary>
internal sealed class RedisPresence(IServiceProviderIsService services) : IValidateOptions<RedisOptions>
{
    public ValidateOptionsResult Validate(string? name, RedisOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        Check(errors, nameof(options.Timeout), options.Timeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10));
        Check(errors, nameof(options.ProbeInterval), options.ProbeInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        if (options.ConnectionString is null)
        {
            if (!services.IsService(typeof(IConnectionMultiplexer)))
            {
                errors.AddError("Nothing says where Redis is. Write AddRedis(\"host:6379\"), set ConnectionString, or register an IConnectionMultiplexer.", nameof(options.ConnectionString));
            }
        }
        else if (!CanBeRead(options.ConnectionString))
        {
            // Not the text itself: what is wrong with it may be its password.
            errors.AddError("It cannot be read, or names no host. Write it as host:6379,password=…,ssl=true.", nameof(options.ConnectionString));
        }

        return errors.Build();
    }

    private static void Check(ValidateOptionsResultBuilder errors, string name, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most)
        {
            errors.AddError($"It is {value:c}; it must be from {least:c} to {most:c}.", name);
        }
    }

    private static bool CanBeRead(string connectionString)
    {
        try
        {
            return ConfigurationOptions.Parse(connectionString).EndPoints.Count > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
