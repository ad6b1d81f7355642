using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace GatewayKit.Redis;

/// <summary>Whether anything says where Redis is.</summary>
internal sealed class RedisAddressValidator(IServiceProviderIsService services) : IValidateOptions<RedisOptions>
{
    public ValidateOptionsResult Validate(string? name, RedisOptions options)
    {
        if (options.ConnectionString is not { } connectionString)
        {
            return services.IsService(typeof(IConnectionMultiplexer))
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail("Nothing says where Redis is. Write AddRedis(\"host:6379\"), set ConnectionString, or register an IConnectionMultiplexer.");
        }

        // Not the text itself: what is wrong with it may be its password.
        return CanBeRead(connectionString) ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail("ConnectionString cannot be read, or names no host. Write it as host:6379,password=…,ssl=true.");
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
